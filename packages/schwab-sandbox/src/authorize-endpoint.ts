import type { Answer } from './answers.ts';
import type { LoginBook } from './login-book.ts';
import type { LoginFlow, LoginFlows, LoginStep } from './login-flows.ts';
import { loginSteps } from './login-flows.ts';
import { loginErrorPage, loginPage, problemOf } from './login-pages.ts';

export type AuthorizedApp = { appKey: string; callbackUrl: string; approved: boolean };

type Logins = { flows: LoginFlows; book: LoginBook };

/** `GET /v1/oauth/authorize`: the first page; with `autoApprove` the redirect, as if the user had gone through them all. */
export function decideAuthorizeRequest(
  query: URLSearchParams,
  app: AuthorizedApp,
  { flows, book }: Logins,
  autoApprove: boolean,
  nowMs: number,
): Answer {
  if (query.get('client_id') !== app.appKey) {
    return loginErrorPage(
      401,
      'the client_id is not the app key. Compare app_key with the one that your app was given.',
    );
  }
  const redirectUri = query.get('redirect_uri');
  if (redirectUri !== app.callbackUrl) {
    return loginErrorPage(
      400,
      `the redirect_uri is ${redirectUri === null ? 'missing' : `"${redirectUri}"`}, and the registered callback is "${app.callbackUrl}". The two must be the same byte for byte.`,
    );
  }
  const responseType = query.get('response_type');
  if (responseType !== null && responseType !== 'code') return loginErrorPage(400, 'the response_type must be code.');
  if (!app.approved) {
    return loginErrorPage(401, 'the app is not approved. At Schwab its status must be "Ready For Use" first.');
  }

  const flow = flows.begin(query.get('state') ?? undefined);
  if (!autoApprove) return loginPage('sign-in', flow, app.callbackUrl);
  flows.end(flow);
  return allow(flow, app.callbackUrl, book, nowMs);
}

/** `POST /v1/oauth/STEP`, a page's form: the next page, the same with a problem, or the redirect to the callback. */
export function decideLoginStep(
  step: LoginStep,
  form: URLSearchParams,
  { callbackUrl }: { callbackUrl: string },
  { flows, book }: Logins,
  nowMs: number,
): Answer {
  const flow = flows.at(step, form.get('flow') ?? '');
  if (flow === undefined) return loginErrorPage(400, 'this login has ended or never began. Begin again in the app.');
  if (form.get('choice') === 'deny') {
    flows.end(flow);
    return redirect(flow, callbackUrl, {
      error: 'access_denied',
      error_description: 'The user denied the request',
    });
  }
  const problem = problemOf(step, form);
  if (problem !== undefined) return loginPage(step, flow, callbackUrl, problem);
  const next = loginSteps[loginSteps.indexOf(step) + 1];
  if (next !== undefined) {
    if (step === flow.reached) flow.reached = next;
    return loginPage(next, flow, callbackUrl);
  }
  flows.end(flow);
  return allow(flow, callbackUrl, book, nowMs);
}

function allow(flow: LoginFlow, callbackUrl: string, book: LoginBook, nowMs: number): Answer {
  return redirect(flow, callbackUrl, { code: book.issueCode(nowMs), session: flow.id });
}

function redirect(flow: LoginFlow, callbackUrl: string, parameters: Record<string, string>): Answer {
  const location = new URL(callbackUrl);
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  if (flow.state !== undefined) location.searchParams.set('state', flow.state);
  return {
    status: 302,
    headers: { Location: location.href, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' },
    body: '',
  };
}
