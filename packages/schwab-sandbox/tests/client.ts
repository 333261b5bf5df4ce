import http from 'node:http';
import https from 'node:https';
import type { Sandbox } from '../src/index.ts';

export type Reply = { status: number; headers: http.IncomingHttpHeaders; body: Buffer };

export type Ask = { method?: string; headers?: Record<string, string>; body?: string; ca?: string };

/** One request over a connection of its own; rejects as node:http does, also when a body is cut off. */
export async function ask(url: string, { method = 'GET', headers = {}, body = '', ca }: Ask = {}): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const options = { method, headers, agent: false as const, ...(ca === undefined ? {} : { ca }) };
  const request = (url.startsWith('https:') ? https : http).request(url, options, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
    );
  });
  request.on('error', reject);
  request.end(body);
  return promise;
}

export function basic({ appKey, appSecret }: { appKey: string; appSecret: string }): string {
  return `Basic ${Buffer.from(`${appKey}:${appSecret}`).toString('base64')}`;
}

export function askForTokens(
  sandbox: Sandbox,
  form: Record<string, string>,
  credentials = sandbox.credentials,
): Promise<Reply> {
  return ask(sandbox.tokenUrl, {
    method: 'POST',
    headers: { Authorization: basic(credentials), 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    ...(sandbox.caCertificate === undefined ? {} : { ca: sandbox.caCertificate }),
  });
}

export function refresh(sandbox: Sandbox, refreshToken: string): Promise<Reply> {
  return askForTokens(sandbox, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

export function redeem(sandbox: Sandbox, code: string, more: Record<string, string> = {}): Promise<Reply> {
  return askForTokens(sandbox, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: sandbox.callbackUrl,
    ...more,
  });
}

export function json(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.body.toString()) as Record<string, unknown>;
}
