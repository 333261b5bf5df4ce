/**
 * The login over the control socket: what `token-refresh-sender login` asks of whoever holds the socket.
 * `GET /v1/login` its state; `POST /v1/login` starts or joins it; `POST /v1/login/paste` and `POST /v1/login/cancel`.
 */
import { problem, type Answer, type Route } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { LoginError } from '../login/login-error.ts';
import type { PasteVerdict } from '../login/login-result.ts';
import type { LoginRequestOptions, LoginService, LoginView } from '../login/login-service.ts';

const MAX_BODY_BYTES = 8 * 1024;

const startBody = z.object({
  timeout_ms: z.optional(z.number().check(z.minimum(1))),
  listen: z.optional(z.boolean()),
});
const pasteBody = z.object({ url: z.string() });
const cancelBody = z.object({ id: z.optional(z.string()) });

/** What these routes answer; times are ISO 8601. */
export const loginViewSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('idle') }),
  z.object({
    state: z.enum(['waiting', 'exchanging']),
    id: z.string(),
    authorize_url: z.string(),
    expires_at: z.string(),
    listening: z.optional(z.string()),
    not_listening: z.optional(z.string()),
    not_listening_code: z.optional(z.string()),
    /** what to know before it is finished, for people */
    caution: z.optional(z.string()),
  }),
  z.object({
    state: z.literal('done'),
    id: z.string(),
    message: z.string(),
    logged_in_at: z.string(),
    ends_at: z.string(),
    problem: z.optional(z.string()),
  }),
  z.object({ state: z.literal('failed'), id: z.string(), code: z.string(), message: z.string() }),
]);
export const pasteVerdictSchema = z.object({ verdict: z.string(), message: z.optional(z.string()) });

/** @param caution asked each time: what somebody who logs in here is to know beforehand */
export function loginRoutes(login: LoginService, caution: () => string | undefined): readonly Route[] {
  const state = (): Answer => ({ status: 200, body: wireView(login.state(), caution()) });
  return [
    { method: 'GET', path: '/v1/login', answer: state },
    {
      method: 'POST',
      path: '/v1/login',
      maxJsonBytes: MAX_BODY_BYTES,
      answer: ({ json }) => {
        const body = z.safeParse(startBody, json ?? {});
        return body.success
          ? start(login, body.data, caution())
          : malformed('timeout_ms is a number, listen is true or false');
      },
    },
    {
      method: 'POST',
      path: '/v1/login/paste',
      maxJsonBytes: MAX_BODY_BYTES,
      answer: ({ json }) => {
        const body = z.safeParse(pasteBody, json);
        return body.success ? { status: 200, body: wireVerdict(login.paste(body.data.url)) } : malformed('url is text');
      },
    },
    {
      method: 'POST',
      path: '/v1/login/cancel',
      maxJsonBytes: MAX_BODY_BYTES,
      answer: ({ json }) => {
        const body = z.safeParse(cancelBody, json ?? {});
        if (!body.success) return malformed('id is text');
        login.cancel(body.data.id);
        return state();
      },
    },
  ];
}

async function start(
  login: LoginService,
  body: z.infer<typeof startBody>,
  caution: string | undefined,
): Promise<Answer> {
  const options: LoginRequestOptions = {
    ...(body.timeout_ms === undefined ? {} : { timeoutMs: body.timeout_ms }),
    ...(body.listen === undefined ? {} : { listen: body.listen }),
  };
  try {
    return { status: 200, body: wireView(await login.start(options), caution) };
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    return problem(409, error.code, 'A login cannot begin', error.message);
  }
}

function malformed(detail: string): Answer {
  return problem(400, 'bad_request', 'The body is not what is expected here', detail);
}

function wireView(view: LoginView, caution: string | undefined): z.infer<typeof loginViewSchema> {
  switch (view.kind) {
    case 'idle':
      return { state: 'idle' };
    case 'waiting':
    case 'exchanging':
      return {
        state: view.kind,
        id: view.id,
        authorize_url: view.authorizeUrl,
        expires_at: iso(view.expiresAtMs),
        ...(view.listening === undefined ? {} : { listening: view.listening }),
        ...(view.notListening === undefined ? {} : { not_listening: view.notListening }),
        ...(view.notListeningCode === undefined ? {} : { not_listening_code: view.notListeningCode }),
        ...(caution === undefined ? {} : { caution }),
      };
    case 'done':
      return {
        state: 'done',
        id: view.id,
        message: view.message,
        logged_in_at: iso(view.loginAtMs),
        ends_at: iso(view.endsAtMs),
        ...(view.problem === undefined ? {} : { problem: view.problem }),
      };
    case 'failed':
      return { state: 'failed', id: view.id, code: view.code, message: view.message };
  }
}

function wireVerdict(verdict: PasteVerdict): z.infer<typeof pasteVerdictSchema> {
  return 'message' in verdict ? { verdict: verdict.kind, message: verdict.message } : { verdict: verdict.kind };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
