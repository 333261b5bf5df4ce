import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { chmodSync, writeFileSync } from 'node:fs';
import type { ClientRequest, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { TokenClient, TokenClientError, type AccessToken } from '../src/index.ts';
import { clientOf, tokenOf } from './client-of.ts';
import { MadeUpReceiver } from './made-up-receiver.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Long enough for a loaded machine. */
const PATIENCE = { timeout: 20_000, interval: 5 };

/** The code with which a call that does not wait is rejected now. */
async function whyNone(client: TokenClient): Promise<string> {
  const error: unknown = await client.getAccessToken({ timeoutMs: 0 }).catch((rejection: unknown) => rejection);
  if (!(error instanceof TokenClientError)) throw new Error('there was a token', { cause: error });
  return error.code;
}

afterEach(() => vi.useRealTimers());

describe('a token from memory', () => {
  test('the present token, and the next one as soon as it comes', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    expect(await client.getAccessToken()).toBe('made-up-1');
    expect(client.currentToken()).toMatchObject({ accessToken: 'made-up-1', generation: 1 });
    receiver.hold('made-up-2');
    await tokenOf(client, 'made-up-2');
    expect(await client.getAccessToken()).toBe('made-up-2');
    expect(receiver.connections).toBe(1);
  });

  test('one promise for all who ask, made when the token came', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    expect(client.getAccessToken()).toBe(client.getAccessToken({ timeoutMs: 5 }));
  });

  test('outlives the receiver', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    await receiver.stop();
    expect(await client.getAccessToken({ timeoutMs: 0 })).toBe('made-up-1');
  });

  test('of unknown expiry is valid', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold({ token: 'made-up-bare', expiresAtMs: null });
    const client = clientOf(receiver.path);
    expect(await client.getAccessToken()).toBe('made-up-bare');
    expect(client.currentToken()).not.toHaveProperty('expiresAtMs');
  });

  test('does not show in what is printed of the client', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    expect(inspect(client, { depth: 10, showHidden: true }) + JSON.stringify(client)).not.toContain('made-up-1');
  });
});

describe('an expired token is never served', () => {
  const startMs = 2_000_000_000_000;

  /** Only the wall clock is made up; timers and sockets are real. */
  async function held(expiresAtMs: number, safetyMarginMs?: number): Promise<[MadeUpReceiver, TokenClient]> {
    vi.useFakeTimers({ toFake: ['Date'], now: startMs });
    const receiver = await MadeUpReceiver.started();
    receiver.hold({ token: 'made-up-1', expiresAtMs });
    const client = clientOf(receiver.path, safetyMarginMs === undefined ? {} : { safetyMarginMs });
    expect(await client.getAccessToken()).toBe('made-up-1');
    return [receiver, client];
  }

  test('valid up to the millisecond before, and not after; the next one is waited for', async () => {
    const [receiver, client] = await held(startMs + 60_000);
    vi.setSystemTime(startMs + 59_999);
    expect(client.currentToken()?.accessToken).toBe('made-up-1');
    expect(await client.getAccessToken()).toBe('made-up-1');
    vi.setSystemTime(startMs + 60_000);
    expect(client.currentToken()).toBeUndefined();
    await expect(client.getAccessToken({ timeoutMs: 0 })).rejects.toMatchObject({
      code: 'token_expired',
      retryable: true,
    });
    const next = client.getAccessToken();
    receiver.hold('made-up-2');
    expect(await next).toBe('made-up-2');
  });

  test('after hours of suspend, although no timer has fired', async () => {
    const [, client] = await held(startMs + 60_000);
    vi.setSystemTime(startMs + 8 * 3_600_000);
    await expect(client.getAccessToken({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'token_expired' });
  });

  test('earlier, if a safety margin is asked for', async () => {
    const [, client] = await held(startMs + 60_000, 10_000);
    vi.setSystemTime(startMs + 50_000);
    expect(client.currentToken()).toBeUndefined();
    await expect(client.getAccessToken({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'token_expired' });
  });

  test('one that comes expired is not told of, ends no wait, and replaces what was held', async () => {
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    const first = client.getAccessToken();
    await receiver.until(() => receiver.readers === 1);
    receiver.hold({ token: 'made-up-expired-1', expiresAtMs: Date.now() - 5_000 });
    receiver.hold('made-up-2');
    expect(await first).toBe('made-up-2');
    const told: string[] = [];
    client.onToken(({ accessToken }) => told.push(accessToken));

    receiver.hold({ token: 'made-up-expired-3', expiresAtMs: Date.now() - 5_000 });
    await expect.poll(() => client.currentToken(), PATIENCE).toBeUndefined();
    expect(await whyNone(client)).toBe('token_expired');
    receiver.hold('made-up-4');
    await tokenOf(client, 'made-up-4');
    expect(told).toEqual(['made-up-2', 'made-up-4']);
  });
});

describe('no token: a wait with an end, and a code that says why', () => {
  test('receiver_not_running: no socket, or one that nobody listens on', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'api.sock');
    const nobody = clientOf(path);
    await expect.poll(() => whyNone(nobody), PATIENCE).toBe('receiver_not_running');
    const error = nobody.getAccessToken({ timeoutMs: 5 });
    await expect(error).rejects.toMatchObject({ retryable: true, message: expect.stringContaining(path) as string });
    await expect(error).rejects.toThrow(/Start it with: token-receiver run/);
    writeFileSync(join(folder, 'stale.sock'), '');
    const stale = clientOf(join(folder, 'stale.sock'));
    await expect.poll(() => whyNone(stale), PATIENCE).toBe('receiver_not_running');
  });

  test('receiver_not_running: it has gone', async () => {
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    await expect.poll(() => whyNone(client), PATIENCE).toBe('token_not_found');
    await receiver.stop();
    await expect.poll(() => whyNone(client), PATIENCE).toBe('receiver_not_running');
  });

  test('denied: this user may not connect', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    chmodSync(receiver.path, 0);
    await asOrdinaryUser([dirname(receiver.path)], async () => {
      const client = clientOf(receiver.path);
      await expect.poll(() => whyNone(client), PATIENCE).toBe('denied');
      await expect(client.getAccessToken({ timeoutMs: 5 })).rejects.toMatchObject({ retryable: false });
    });
  });

  test('token_not_found: the receiver has none', async () => {
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    await expect.poll(() => whyNone(client), PATIENCE).toBe('token_not_found');
    expect(client.currentToken()).toBeUndefined();
  });

  test('timeout: it listens and does not answer', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.answer = () => undefined;
    const client = clientOf(receiver.path);
    await receiver.until(() => receiver.connections === 1);
    expect(await whyNone(client)).toBe('timeout');
  });

  const head = { 'Content-Type': 'text/event-stream' };
  test.each<[string, RegExp, (response: ServerResponse) => void]>([
    ['another program', /HTTP 404.*Is it the right path/, (response) => response.writeHead(404).end()],
    [
      'a page',
      /no event stream/,
      (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>made up'),
    ],
    ['no HTTP', /HPE_/, (response) => response.socket?.end('OK')],
    [
      'an event without a token in it',
      /holds no token/,
      (response) => response.writeHead(200, head).write('event: token\ndata: {}\n\n'),
    ],
    [
      'an event without end',
      /larger than 1 MiB/,
      (response) => response.writeHead(200, head).write('x'.repeat(2 ** 20 + 1)),
    ],
  ])('bad_answer: %s; and it goes on trying', async (_, words, answer) => {
    const receiver = await MadeUpReceiver.started();
    receiver.answer = (_request, response) => {
      if (receiver.connections === 1) answer(response);
    };
    const client = clientOf(receiver.path);
    await receiver.until(() => receiver.connections === 2);
    await expect(client.getAccessToken({ timeoutMs: 0 })).rejects.toMatchObject({
      code: 'bad_answer',
      message: expect.stringMatching(words) as string,
    });
  });

  test('receiver_busy: there is no room for one more reader, until there is', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    receiver.answer = (_, response) => response.writeHead(503, { 'Retry-After': '1' }).end();
    const client = clientOf(receiver.path);
    await expect.poll(() => whyNone(client), PATIENCE).toBe('receiver_busy');
    await expect(client.getAccessToken({ timeoutMs: 0 })).rejects.toMatchObject({ retryable: true });
    receiver.answer = undefined;
    expect(await client.getAccessToken()).toBe('made-up-1');
  });

  test('closed: before, and while it waits', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    await client.close();
    expect(client.currentToken()).toBeUndefined();
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: 'closed', retryable: false });

    const waiting = clientOf(join(temporaryFolder(), 'api.sock'));
    const wait = expect(waiting.getAccessToken()).rejects.toMatchObject({ code: 'closed' });
    const newer = waiting.newerToken('made-up-1');
    await waiting.close();
    await wait;
    expect(await newer).toBeUndefined();
  });

  test('too_many_waiting: the ten thousand and first', async () => {
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    const waits = Array.from({ length: 10_000 }, () => client.getAccessToken());
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: 'too_many_waiting' });
    receiver.hold('made-up-1');
    await receiver.until(() => receiver.readers === 1);
    expect(new Set(await Promise.all(waits))).toEqual(new Set(['made-up-1']));
    expect(await client.getAccessToken()).toBe('made-up-1');
  });

  test("the caller's signal ends a wait with its reason, and one that was aborted before ends it at once", async () => {
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    const controller = new AbortController();
    const wait = client.getAccessToken({ signal: controller.signal });
    const newer = client.newerToken('made-up-1', { signal: controller.signal });
    controller.abort(new Error('made-up reason'));
    await expect(wait).rejects.toThrow('made-up reason');
    await expect(newer).rejects.toThrow('made-up reason');
    receiver.hold('made-up-2');
    await tokenOf(client, 'made-up-2');
    await expect(client.getAccessToken({ signal: controller.signal })).rejects.toThrow('made-up reason');
    await expect(client.newerToken('made-up-1', { signal: controller.signal })).rejects.toThrow('made-up reason');
  });

  test('an error of ours holds no token, and is one class with a code', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold({ token: 'made-up-secret', expiresAtMs: Date.now() - 1_000 });
    const client = clientOf(receiver.path);
    await expect.poll(() => whyNone(client), PATIENCE).toBe('token_expired');
    const error: unknown = await client.getAccessToken({ timeoutMs: 0 }).catch((rejection: unknown) => rejection);
    expect(error).toBeInstanceOf(TokenClientError);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('made-up-secret');
  });
});

test('a socket path that cannot be one is refused at once', () => {
  expect(() => new TokenClient({ socketPath: '' })).toThrow(RangeError);
  expect(() => new TokenClient({ socketPath: `/tmp/${'x'.repeat(110)}` })).toThrow(/1 to 107 bytes/);
});

describe('newerToken: for a request that was answered with 401', () => {
  test('another one that is held already is given at once', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-2');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    expect(await client.newerToken('made-up-1')).toBe('made-up-2');
  });

  test('the refused one is not, however often it is said again', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    const newer = client.newerToken('made-up-1');
    receiver.hold({ token: 'made-up-1', generation: 5 });
    receiver.hold('made-up-2');
    expect(await newer).toBe('made-up-2');
  });

  test('undefined when none came in time: the answer stands', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    expect(await client.newerToken('made-up-1', { timeoutMs: 20 })).toBeUndefined();
    await client.close();
    expect(await client.newerToken('made-up-1')).toBeUndefined();
  });
});

describe('onToken', () => {
  test('is told of the present token and of each new one, in order; a repeat is no news', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    const told: AccessToken[] = [];
    client.onToken((token) => told.push(token));
    expect(told).toEqual([]);
    receiver.hold('made-up-2');
    receiver.hold({ token: 'made-up-2', generation: 9 });
    receiver.hold('made-up-3');
    await tokenOf(client, 'made-up-3');
    expect(told.map(({ accessToken }) => accessToken)).toEqual(['made-up-1', 'made-up-2', 'made-up-3']);
  });

  test('a callback that throws, rejects or hangs hurts nobody; a warning says where, without the token', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    const warnings: (Error & { code?: string; detail?: string })[] = [];
    const collect = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', collect);
    client.onToken(({ accessToken }) => {
      throw new TypeError(`it is ${accessToken}`);
    });
    client.onToken(async ({ accessToken }) => Promise.reject(new Error(accessToken)));
    client.onToken(() => new Promise(() => undefined));
    expect((await tokenOf(client, 'made-up-1')).accessToken).toBe('made-up-1');
    await expect.poll(() => warnings.length, PATIENCE).toBe(2);
    process.off('warning', collect);
    expect(warnings.map(({ name, code, message }) => ({ name, code, message }))).toEqual([
      { name: 'TokenClientWarning', code: 'callback_failed', message: 'A callback of onToken failed (TypeError).' },
      { name: 'TokenClientWarning', code: 'callback_failed', message: 'A callback of onToken failed (Error).' },
    ]);
    expect(warnings[0]?.detail).toContain('token-client.test.ts');
    expect(inspect(warnings)).not.toContain('made-up-1');
    receiver.hold('made-up-2');
    await tokenOf(client, 'made-up-2');
  });

  test('ended or closed, it is not called again', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    const told: string[] = [];
    const off = client.onToken(({ accessToken }) => told.push(`ended ${accessToken}`));
    off();
    client.onToken(({ accessToken }) => told.push(`closed ${accessToken}`));
    await client.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
  });
});

describe('closing', () => {
  test('`await using` closes the connection; a second close is nothing', async () => {
    const receiver = await MadeUpReceiver.started();
    {
      await using client = new TokenClient({ socketPath: receiver.path });
      await receiver.until(() => receiver.readers === 1);
      await client.close();
    }
    await receiver.until(() => receiver.readers === 0);
    expect(receiver.connections).toBe(1);
  });

  test('it resolves after the connection was closed, not before', async () => {
    const events: string[] = [];
    const watch = (message: unknown): void => {
      (message as { request: ClientRequest }).request.once('close', () => events.push('connection closed'));
    };
    subscribe('http.client.request.start', watch);
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    await receiver.until(() => receiver.readers === 1);
    unsubscribe('http.client.request.start', watch);
    await client.close();
    events.push('close resolved');
    expect(events).toEqual(['connection closed', 'close resolved']);
  });

  test('also before the receiver has answered, and while none is there', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.answer = () => undefined;
    const client = clientOf(receiver.path);
    await client.close();
    await clientOf(join(temporaryFolder(), 'api.sock')).close();
  });
});
