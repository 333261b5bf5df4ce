import type { Sandbox } from '../src/index.ts';
import type { Reply } from './client.ts';
import { ask } from './client.ts';

/** The authorize URL with what is right, `changed`. */
export function authorizeUrl(sandbox: Sandbox, changed: Record<string, string> = {}): string {
  const right = { client_id: sandbox.credentials.appKey, redirect_uri: sandbox.callbackUrl };
  return `${sandbox.authorizeUrl}?${new URLSearchParams({ ...right, ...changed }).toString()}`;
}

export function openLogin(sandbox: Sandbox, changed: Record<string, string> = {}): Promise<Reply> {
  return ask(authorizeUrl(sandbox, changed), trust(sandbox));
}

/** Sends the form that a page holds, as a browser would. */
export function submit(sandbox: Sandbox, page: Reply, fields: Record<string, string> = {}): Promise<Reply> {
  const html = page.body.toString();
  const action = /<form method="post" action="([^"]+)">/.exec(html)?.[1];
  const flow = /<input type="hidden" name="flow" value="([^"]+)">/.exec(html)?.[1];
  if (action === undefined || flow === undefined) throw new Error(`This page has no form: ${html}`);
  return ask(`${sandbox.baseUrl}${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ flow, ...fields }).toString(),
    ...trust(sandbox),
  });
}

/** What a user fills in, page by page; the last is answered by the redirect. */
export const answers = [
  { login_id: 'anyone', password: 'made up' },
  { terms: 'accepted' },
  { account: 'individual' },
  {},
] as const;

/** What a browser is redirected to at the end of the pages. */
export async function allow(sandbox: Sandbox, state?: string): Promise<URL> {
  let page = await openLogin(sandbox, state === undefined ? {} : { state });
  for (const answer of answers) page = await submit(sandbox, page, answer);
  return new URL(page.headers.location ?? '');
}

export function headingOf(page: Reply): string | undefined {
  return /<h1>([^<]+)<\/h1>/.exec(page.body.toString())?.[1];
}

function trust(sandbox: Sandbox): { ca?: string } {
  return sandbox.caCertificate === undefined ? {} : { ca: sandbox.caCertificate };
}
