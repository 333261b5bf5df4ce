import { once } from 'node:events';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Fault, Sandbox } from '../src/index.ts';
import { startSandbox } from '../src/index.ts';
import { ask, basic, json, refresh } from './client.ts';

/** A refresh whose response is given to the caller before its body has come. */
function beginRefresh(sandbox: Sandbox, refreshToken: string): http.ClientRequest {
  const request = http.request(sandbox.tokenUrl, {
    method: 'POST',
    agent: false,
    headers: { Authorization: basic(sandbox.credentials), 'Content-Type': 'application/x-www-form-urlencoded' },
  });
  request.end(new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString());
  return request;
}

describe.each([{ tls: false }, { tls: true }])('with %j', (options) => {
  test('a body is cut off after its half', async () => {
    await using sandbox = await startSandbox(options);
    const { refreshToken } = sandbox.logIn();
    sandbox.addFault({ kind: 'cut_off' });
    await expect(refresh(sandbox, refreshToken)).rejects.toMatchObject({ code: 'ECONNRESET', message: 'aborted' });
    expect(sandbox.requests.at(-1)).toMatchObject({ outcome: 'issued', fault: 'cut_off', status: 200 });
    expect((await refresh(sandbox, refreshToken)).status).toBe(200);
  });

  test('a connection is reset without an answer', async () => {
    await using sandbox = await startSandbox(options);
    sandbox.addFault({ kind: 'reset' });
    await expect(refresh(sandbox, 'made-up')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(sandbox.requests).toMatchObject([{ outcome: 'fault', fault: 'reset' }]);
    expect(sandbox.requests[0]).not.toHaveProperty('status');
  });

  test('a hanging connection has no answer until the sandbox is closed', async () => {
    const sandbox = await startSandbox(options);
    sandbox.addFault({ kind: 'hang' });
    const asked = expect(refresh(sandbox, 'made-up')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await sandbox.waitForRequest(1)).toMatchObject({ outcome: 'fault', fault: 'hang' });
    await sandbox.close();
    await asked;
  });
});

test('a reset is seen as a reset on the wire, not as an end', async () => {
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'reset' });
  await expect(refresh(sandbox, 'made-up')).rejects.toMatchObject({ errno: -104, syscall: 'read' });
});

test('a stalled body stays open after its half', async () => {
  const sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'stall' });
  const request = beginRefresh(sandbox, refreshToken);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const [chunk] = (await once(response, 'data')) as [Buffer];
  expect(chunk.length).toBe(Math.floor(Number(response.headers['content-length']) / 2));
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
  expect([response.complete, response.destroyed]).toEqual([false, false]);
  const aborted = once(response, 'error');
  await sandbox.close();
  expect(await aborted).toMatchObject([{ code: 'ECONNRESET' }]);
});

test('a delayed answer comes, and its grant was done on arrival', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'delay', ms: 50 });
  const answered = refresh(sandbox, refreshToken);
  expect(await sandbox.waitForRequest(1)).toMatchObject({ outcome: 'issued', fault: 'delay' });
  expect((await answered).status).toBe(200);
});

test('a client that leaves during a delay leaves no timer behind', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'delay', ms: 3_600_000 });
  const request = beginRefresh(sandbox, 'made-up');
  const failed = once(request, 'error');
  await sandbox.waitForRequest(1);
  expect(vi.getTimerCount()).toBe(1);
  request.destroy(new Error('the client gives up'));
  await failed;
  // Each round trip gives the server the time to see that the first client has gone.
  for (let i = 0; i < 100 && vi.getTimerCount() > 0; i++) await refresh(sandbox, 'made-up');
  expect(vi.getTimerCount()).toBe(0);
});

test('a right answer comes as gzip', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'gzip' }, 2);
  const reply = await refresh(sandbox, refreshToken);
  expect(reply.headers['content-encoding']).toBe('gzip');
  expect(JSON.parse(gunzipSync(reply.body).toString())).toMatchObject({ refresh_token: refreshToken });

  const refused = await refresh(sandbox, 'made-up');
  expect(refused.status).toBe(400);
  expect(JSON.parse(gunzipSync(refused.body).toString())).toHaveProperty('error');
});

test('a huge answer is JSON of exactly the size asked for', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'huge', bytes: 3_000_000 });
  const reply = await refresh(sandbox, refreshToken);
  expect(reply.body.length).toBe(3_000_000);
  expect(json(reply)['refresh_token']).toBe(refreshToken);
});

test('a client that leaves in the middle of a huge answer hurts nobody', async () => {
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'huge' });
  const request = beginRefresh(sandbox, 'made-up');
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  await once(response, 'data');
  response.on('error', () => undefined);
  response.destroy();
  expect((await refresh(sandbox, 'made-up')).status).toBe(400);
});

test.each<[Fault, (reply: Record<string, unknown>) => void]>([
  [{ kind: 'expires_in_string' }, (reply) => expect(reply['expires_in']).toBe('1800')],
  [{ kind: 'no_refresh_token' }, (reply) => expect(reply).not.toHaveProperty('refresh_token')],
  [
    { kind: 'wrong_types' },
    (reply) => expect(reply).toMatchObject({ access_token: 12345, refresh_token: false, expires_in: {} }),
  ],
])('a 200 comes with the fault %j', async (fault, check) => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault(fault);
  const reply = await refresh(sandbox, refreshToken);
  expect(reply.status).toBe(200);
  expect(json(reply)).toHaveProperty('access_token');
  check(json(reply));
});

test('a 200 comes that is not JSON, though it says so', async () => {
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'not_json' });
  const reply = await refresh(sandbox, 'made-up');
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/json;charset=utf-8']);
  expect(() => json(reply)).toThrow(SyntaxError);
});

test('faults come in order, each as often as asked, then the right answers', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'empty', status: 503 }, 2);
  sandbox.addFault({ kind: 'html', status: 403 });
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await refresh(sandbox, refreshToken)).status);
  expect(statuses).toEqual([503, 503, 403, 200]);
});

test('a fault that always comes goes when the faults are cleared', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'empty', status: 500 }, 'always');
  for (let i = 0; i < 5; i++) expect((await refresh(sandbox, refreshToken)).status).toBe(500);
  sandbox.clearFaults();
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
});

test('a fault that replaces the answer issues nothing, one that spoils it does', async () => {
  await using sandbox = await startSandbox({ rotateRefreshToken: true });
  const { refreshToken } = sandbox.logIn();
  sandbox.addFault({ kind: 'empty', status: 500 });
  sandbox.addFault({ kind: 'cut_off' });
  await refresh(sandbox, refreshToken);
  await expect(refresh(sandbox, refreshToken)).rejects.toThrow();
  expect((await refresh(sandbox, refreshToken)).status).toBe(400);
  expect(sandbox.requests.map(({ outcome }) => outcome)).toEqual(['fault', 'issued', 'refresh_token_ended']);
});

test('waiting for a request that does not come ends when the sandbox is closed', async () => {
  const sandbox = await startSandbox();
  const waited = expect(sandbox.waitForRequest(1)).rejects.toMatchObject({ code: 'closed' });
  await sandbox.close();
  await waited;
  await expect(ask(sandbox.baseUrl)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('only the newest 1000 requests are kept', async () => {
  await using sandbox = await startSandbox();
  sandbox.addFault({ kind: 'empty', status: 500 }, 'always');
  for (let i = 0; i < 1001; i++) await refresh(sandbox, 'made-up');
  expect(sandbox.requests.length).toBe(1000);
  expect(sandbox.requests[0]?.number).toBe(2);
  await expect(sandbox.waitForRequest(1)).rejects.toMatchObject({ code: 'closed' });
});
