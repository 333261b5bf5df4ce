import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, deliver, runningReceiver } from './running-receiver.ts';

const parse = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
const inAnHour = (): number => Math.floor(Date.now() / 1_000) + 3_600;

describe('GET /v1/token', () => {
  test('hands out the newest token, its expiry, and its generation as ETag; nobody may keep a copy', async () => {
    const { tokens, api } = await runningReceiver();
    const expiresAt = inAnHour();
    await deliver(tokens, 'made-up-old');
    await deliver(tokens, 'made-up-new', expiresAt);
    const { status, headers, text } = await ask(api, '/v1/token');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      etag: '"2"',
      'cache-control': 'no-store',
    });
    const body = parse(text);
    expect(body).toEqual({
      access_token: 'made-up-new',
      token_type: 'Bearer',
      expires_at: expiresAt,
      expires_in: expect.any(Number) as number,
      generation: 2,
      received_at: expect.any(Number) as number,
    });
    expect(body['expires_in']).toBeLessThanOrEqual(3_600);
  });

  test.each(['"1"', 'W/"1"', '"7", "1"', '*'])('that it has not changed since %s: 304, and no body', async (etag) => {
    const { tokens, api } = await runningReceiver();
    await deliver(tokens, 'made-up-access');
    const same = await ask(api, '/v1/token', { headers: { 'If-None-Match': etag } });
    expect(same).toMatchObject({ status: 304, text: '', headers: { etag: '"1"' } });
  });

  test('that it has changed since: the new one; a repeat is no change', async () => {
    const { tokens, api } = await runningReceiver();
    const expiresAt = inAnHour();
    await deliver(tokens, 'made-up-first', expiresAt);
    await deliver(tokens, 'made-up-first', expiresAt);
    const headers = { 'If-None-Match': '"1"' };
    expect((await ask(api, '/v1/token', { headers })).status).toBe(304);
    await deliver(tokens, 'made-up-second');
    const changed = await ask(api, '/v1/token', { headers });
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' } });
    expect(parse(changed.text)['access_token']).toBe('made-up-second');
  });
});

describe('GET /v1/token/raw', () => {
  test('is the bare token, byte for byte', async () => {
    const { tokens, api } = await runningReceiver();
    await deliver(tokens, 'made-up-access');
    const { status, headers, text } = await ask(api, '/v1/token/raw');
    expect({ status, text }).toEqual({ status: 200, text: 'made-up-access' });
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    expect(await ask(api, '/v1/token/raw', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });
});

describe.each(['/v1/token', '/v1/token/raw'])('GET %s without a token to hand out', (path) => {
  test('before the first: 404 token_not_found, as problem+json', async () => {
    const { api } = await runningReceiver();
    const { status, headers, text } = await ask(api, path);
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(parse(text)).toMatchObject({ type: 'about:blank', status: 404, code: 'token_not_found' });
    expect(parse(text)['detail']).toMatch(/Is token-refresh-sender running\?/);
  });

  test('past its expiry: 503 token_expired, also to one who has it; and healed by the next', async () => {
    const { tokens, api } = await runningReceiver();
    await deliver(tokens, 'made-up-old', 1_000_000_000);
    const expired = await ask(api, path, { headers: { 'If-None-Match': '"1"' } });
    expect(expired.status).toBe(503);
    expect(expired.headers['content-type']).toBe('application/problem+json');
    expect(parse(expired.text)).toMatchObject({ status: 503, code: 'token_expired' });
    expect(parse(expired.text)['detail']).toMatch(/2001-09-09T01:46:40\.000Z .*token-refresh-sender status/);
    expect(expired.text).not.toContain('made-up-old');
    await deliver(tokens, 'made-up-new');
    expect((await ask(api, path)).status).toBe(200);
  });
});

describe('the other paths', () => {
  test('GET /v1/status says how it is', async () => {
    const { tokens, api } = await runningReceiver();
    expect(parse((await ask(api, '/v1/status')).text)).toMatchObject({ state: 'waiting', generation: 0, pid: 42 });
    await deliver(tokens, 'made-up-access');
    expect(parse((await ask(api, '/v1/status')).text)).toMatchObject({
      state: 'holding',
      generation: 1,
      listening: [`unix:${tokens}`],
      token: { from: 'unix' },
    });
  });

  test('GET /healthz says that it is alive, with a token or without', async () => {
    const { api } = await runningReceiver();
    expect(await ask(api, '/healthz')).toMatchObject({ status: 200, text: '{"status":"alive"}' });
  });

  test('another method is 405, and says which there are', async () => {
    const { tokens, api } = await runningReceiver();
    await deliver(tokens, 'made-up-access');
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await ask(api, '/v1/token', { method });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
      expect(parse(answer.text)['code']).toBe('method_not_allowed');
    }
    const unknown = await ask(api, '/v1/nothing');
    expect(unknown.status).toBe(404);
    expect(parse(unknown.text)['code']).toBe('not_found');
  });

  test('a web page is refused, whatever it asks for', async () => {
    const { tokens, api } = await runningReceiver();
    await deliver(tokens, 'made-up-access');
    for (const path of ['/v1/token', '/v1/token/raw', '/v1/status', '/healthz']) {
      const answer = await ask(api, path, { headers: { Origin: 'https://page.example' } });
      expect(answer.status).toBe(403);
      expect(parse(answer.text)['code']).toBe('forbidden_origin');
      expect(answer.text).not.toContain('made-up-access');
    }
  });
});

test('the refresh token is never handed out, shown or logged; the access token is handed out only', async () => {
  const { tokens, api, lines } = await runningReceiver();
  await deliver(tokens, 'made-up-access');
  const answers = await Promise.all(
    ['/v1/token', '/v1/token/raw', '/v1/status', '/healthz', '/nothing'].map((path) => ask(api, path)),
  );
  expect(JSON.stringify(answers)).not.toContain('made-up-refresh');
  expect(JSON.stringify(answers.slice(2))).not.toContain('made-up');
  expect(lines.join('\n')).toContain('Token received');
  expect(lines.join('\n')).not.toContain('made-up');
});

test('the refresh token is forgotten on arrival: another one beside the same access token is a repeat', async () => {
  const { tokens, api } = await runningReceiver();
  const expiresAt = inAnHour();
  await deliver(tokens, 'made-up-access', expiresAt, 'made-up-refresh-1');
  await deliver(tokens, 'made-up-access', expiresAt, 'made-up-refresh-2');
  expect((await ask(api, '/v1/token')).headers['etag']).toBe('"1"');
});

test('no reader delays another, or a sender: one that never ends its request is left waiting alone', async () => {
  const { tokens, api } = await runningReceiver();
  for (let count = 0; count < 20; count += 1) {
    const slow = connect(api);
    onTestFinished(() => void slow.destroy());
    slow.on('error', () => undefined);
    await once(slow, 'connect');
    slow.write('GET /v1/token HTTP/1.1\r\nHost: loc');
  }
  await deliver(tokens, 'made-up-access');
  expect((await ask(api, '/v1/token/raw')).text).toBe('made-up-access');
});

test('both sockets have the mode that was asked for', async () => {
  const { tokens, api } = await runningReceiver({ socketMode: '0600' });
  for (const path of [tokens, api]) expect(statSync(path).mode & 0o777).toBe(0o600);
});
