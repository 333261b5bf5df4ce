/** How the client stays with the receiver: through restarts, silence, cuts, and any way the bytes come. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { AccessToken } from '../src/index.ts';
import { TokenFollower, type FollowerOptions } from '../src/token-follower.ts';
import { clientOf, tokenOf } from './client-of.ts';
import { MadeUpReceiver, tokenEvent } from './made-up-receiver.ts';

afterEach(() => vi.useRealTimers());

function follow(
  path: string,
  options: Partial<FollowerOptions> = {},
): { follower: TokenFollower; tokens: AccessToken[] } {
  const tokens: AccessToken[] = [];
  const follower = new TokenFollower({
    socketPath: () => ({ kind: 'usable', path }),
    onToken: (token) => tokens.push(token),
    ...options,
  });
  onTestFinished(() => follower.stop());
  return { follower, tokens };
}

describe('a receiver that starts again', () => {
  test('hands out the next token; what was held is served meanwhile', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    expect(await client.getAccessToken()).toBe('made-up-1');
    for (const token of ['made-up-2', 'made-up-3']) {
      await receiver.stop();
      const next = tokenOf(client, token);
      await receiver.start();
      await receiver.until(() => receiver.readers === 1);
      expect(await client.getAccessToken()).not.toBe(token);
      receiver.hold(token);
      await next;
    }
  });

  test('counts from 1 again: another token under the same number is a new token', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-before');
    const client = clientOf(receiver.path);
    expect(client.currentToken() ?? (await tokenOf(client, 'made-up-before'))).toMatchObject({ generation: 1 });
    await receiver.stop();
    receiver.hold({ token: 'made-up-after', generation: 1 });
    await receiver.start();
    expect(await tokenOf(client, 'made-up-after')).toMatchObject({ generation: 1 });
    expect(receiver.lastEventIds).not.toContain('1');
  });

  test('with no token yet does not end the one that is held', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.hold('made-up-1');
    const client = clientOf(receiver.path);
    await client.getAccessToken();
    await receiver.stop();
    await receiver.start();
    await receiver.until(() => receiver.readers === 1);
    expect(await client.getAccessToken({ timeoutMs: 0 })).toBe('made-up-1');
  });

  test('a receiver that comes after the program', async () => {
    const receiver = new MadeUpReceiver();
    const client = clientOf(receiver.path);
    const token = client.getAccessToken();
    await setImmediate();
    receiver.hold('made-up-1');
    await receiver.start();
    expect(await token).toBe('made-up-1');
  });

  test.each(['ends', 'cuts'] as const)('a connection that %s is made again', async (how) => {
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    await receiver.until(() => receiver.readers === 1);
    receiver.hangUp(how);
    await receiver.until(() => receiver.connections === 2);
    receiver.hold('made-up-1');
    expect(await client.getAccessToken()).toBe('made-up-1');
  });
});

describe('any way the bytes come', () => {
  test('byte by byte, with CRLF, comments, other events, and two tokens in one piece', async () => {
    const receiver = await MadeUpReceiver.started();
    const client = clientOf(receiver.path);
    await receiver.until(() => receiver.readers === 1);
    const first = tokenEvent(1, { token: 'made-up-1' }).replaceAll('\n', '\r\n');
    const text = `\uFEFF: heartbeat\r\n\r\nevent: other\r\ndata: {}\r\n\r\n: é\r\n${first}`;
    for (const byte of Buffer.from(text)) receiver.say(Uint8Array.of(byte));
    await tokenOf(client, 'made-up-1');
    receiver.say(tokenEvent(2, { token: 'made-up-2' }) + tokenEvent(3, { token: 'made-up-3' }));
    await tokenOf(client, 'made-up-3');
  });

  test('an event that was cut off is none', async () => {
    const receiver = await MadeUpReceiver.started();
    const { tokens } = follow(receiver.path);
    await receiver.until(() => receiver.readers === 1);
    receiver.say(tokenEvent(1, { token: 'made-up-cut' }).slice(0, -1));
    receiver.hangUp('ends');
    await receiver.until(() => receiver.connections === 2 && receiver.readers === 1);
    receiver.hold('made-up-2');
    await expect.poll(() => tokens.length, { timeout: 20_000 }).toBe(1);
    expect(tokens[0]?.accessToken).toBe('made-up-2');
  });
});

describe('a connection that has fallen silent', () => {
  const fake = (): unknown => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  test('is given up after 45 seconds without a byte, and made again', async () => {
    const receiver = await MadeUpReceiver.started();
    fake();
    const { follower } = follow(receiver.path, { random: () => 0 });
    await receiver.until(() => receiver.readers === 1);
    while (follower.state.kind !== 'following') await setImmediate();
    vi.advanceTimersByTime(44_999);
    expect(follower.state.kind).toBe('following');
    vi.advanceTimersByTime(1);
    expect(follower.state).toMatchObject({ kind: 'broken', problem: { code: 'timeout' } });
    vi.advanceTimersByTime(1);
    await receiver.until(() => receiver.connections === 2);
    await receiver.until(() => receiver.readers === 1);
  });

  test('is kept for as long as heartbeats come', async () => {
    const receiver = await MadeUpReceiver.started();
    fake();
    const { follower, tokens } = follow(receiver.path);
    await receiver.until(() => receiver.readers === 1);
    while (follower.state.kind !== 'following') await setImmediate();
    for (let beat = 1; beat <= 20; beat += 1) {
      vi.advanceTimersByTime(44_000);
      // The token shows that the heartbeat before it has arrived.
      receiver.say(': heartbeat\n\n');
      receiver.hold(`made-up-${beat}`);
      while (tokens.length < beat) await setImmediate();
    }
    expect(receiver.connections).toBe(1);
  });

  test('is given up after 10 seconds if it was never answered', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.answer = () => undefined;
    fake();
    const { follower } = follow(receiver.path, { random: () => 0 });
    await receiver.until(() => receiver.connections === 1);
    vi.advanceTimersByTime(9_999);
    expect(follower.state.kind).toBe('connecting');
    vi.advanceTimersByTime(1);
    expect(follower.state).toMatchObject({ kind: 'broken', problem: { code: 'timeout' } });
  });
});

describe('the waits between tries', () => {
  /** Tries and the waits after them are counted as they are made: no wait depends on how fast the machine is. */
  function patient(path: string): { follower: TokenFollower; count: { tries: number; waits: number } } {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const count = { tries: 0, waits: 0 };
    const { follower } = follow(path, {
      socketPath: () => {
        count.tries += 1;
        return { kind: 'usable', path };
      },
      random: () => {
        count.waits += 1;
        return 0.999_999;
      },
    });
    return { follower, count };
  }

  async function expectWaits(count: { tries: number; waits: number }, delaysMs: readonly number[]): Promise<void> {
    for (const delayMs of delaysMs) {
      const before = count.tries;
      while (count.waits < before) await setImmediate();
      vi.advanceTimersByTime(delayMs - 1);
      expect(count.tries).toBe(before);
      vi.advanceTimersByTime(1);
      expect(count.tries).toBe(before + 1);
    }
  }

  test('grow to 10 seconds: a receiver that answers and hangs up at once is not hammered', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.answer = (_, response) => response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(':\n\n');
    const { count } = patient(receiver.path);
    await expectWaits(count, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    expect(receiver.connections).toBeGreaterThan(8);
  });

  test('are short again after a connection that has lasted, and then grow again', async () => {
    const receiver = await MadeUpReceiver.started();
    receiver.answer = (_, response) => response.writeHead(503).end();
    const { follower, count } = patient(receiver.path);
    await expectWaits(count, [100, 200, 400]);
    while (count.waits < 4) await setImmediate();
    receiver.answer = undefined;
    await expectWaits(count, [800]);
    while (follower.state.kind !== 'following') await setImmediate();
    vi.advanceTimersByTime(10_000);
    await receiver.stop();
    await expectWaits(count, [100, 200, 400, 800]);
  });

  test('end when it is stopped', async () => {
    const receiver = new MadeUpReceiver();
    const { follower, count } = patient(receiver.path);
    await expectWaits(count, [100]);
    while (count.waits < 2) await setImmediate();
    await follower.stop();
    vi.advanceTimersByTime(3_600_000);
    expect(count.tries).toBe(2);
  });
});
