import { once } from 'node:events';
import { describe, expect, test, vi } from 'vitest';
import { type HeldToken, TokenReceiverError } from '../src/index.ts';
import { exchange, jsonMessage, rawClient, replyOn } from './raw-client.ts';
import { nextRejection, nextToken, runningReceiver } from './running-receiver.ts';

describe('Acknowledged after stored', () => {
  test('when OK arrives, the receiver holds the token', async () => {
    const { receiver, path } = await runningReceiver({ nowMs: () => 1234 });
    expect(await exchange(path, jsonMessage('first'))).toBe('OK');
    expect(receiver.getLatestToken()).toEqual({
      message: { accessToken: 'first', refreshToken: 'made-up-refresh', expiresAtMs: 4_000_000_000_000 },
      generation: 1,
      receivedAtMs: 1234,
      from: 'unix',
    });
    expect(receiver.getTokenCount()).toBe(1);
  });

  test('a refused message leaves what it holds alone', async () => {
    const { receiver, path } = await runningReceiver();
    await exchange(path, jsonMessage('kept'));
    expect(await exchange(path, '{"access_token":""}')).toBe('ERROR bad_message');
    expect(receiver.getLatestToken()?.message.accessToken).toBe('kept');
    expect(receiver.getLastError()).toBeInstanceOf(TokenReceiverError);
    expect(receiver.getLastError()).toMatchObject({ code: 'message_rejected', rejection: { code: 'bad_message' } });
  });

  test('a token past its expiry is stored and acknowledged like any other', async () => {
    const { receiver, path } = await runningReceiver();
    expect(await exchange(path, jsonMessage('expired', 1))).toBe('OK');
    expect(receiver.getLatestToken()?.message.expiresAtMs).toBe(1000);
  });

  test('a client that closes without waiting has still delivered', async () => {
    const { receiver, path } = await runningReceiver();
    const arrived = nextToken(receiver);
    const socket = rawClient(path);
    socket.write('bare-token\n', () => socket.destroy());
    expect((await arrived).message).toEqual({ accessToken: 'bare-token' });
    expect(receiver.getLastError()).toBeUndefined();
  });

  test('a hundred senders at once are all acknowledged', async () => {
    const { receiver, path } = await runningReceiver();
    const replies = await Promise.all(Array.from({ length: 100 }, (_, i) => exchange(path, jsonMessage(`token-${i}`))));
    expect(replies).toEqual(Array.from({ length: 100 }, () => 'OK'));
    expect(receiver.getTokenCount()).toBe(100);
  });
});

describe('The newest wins', () => {
  test('a message counts from when it is completed, not from when it began', async () => {
    const { receiver, path } = await runningReceiver();
    const slow = rawClient(path);
    const slowReply = replyOn(slow);
    const text = jsonMessage('began-first');
    await new Promise((resolve) => slow.write(text.slice(0, 20), resolve));
    await exchange(path, jsonMessage('began-second'));
    expect(receiver.getLatestToken()?.message.accessToken).toBe('began-second');
    slow.write(text.slice(20));
    expect(await slowReply).toBe('OK');
    expect(receiver.getLatestToken()).toMatchObject({ message: { accessToken: 'began-first' }, generation: 2 });
  });

  test('a far expiry does not shut later tokens out', async () => {
    const { receiver, path } = await runningReceiver();
    await exchange(path, jsonMessage('test', 9_000_000_000));
    await exchange(path, jsonMessage('real', 1_800_000_000));
    expect(receiver.getLatestToken()?.message.accessToken).toBe('real');
  });

  test('a repeat of what it holds is OK and not a new generation', async () => {
    const { receiver, path } = await runningReceiver();
    const seen = vi.fn();
    receiver.onToken(seen);
    for (const token of ['same', 'same', 'other', 'same']) expect(await exchange(path, jsonMessage(token))).toBe('OK');
    expect(await exchange(path, jsonMessage('same', 5))).toBe('OK');
    await vi.waitFor(() => expect(seen).toHaveBeenCalledTimes(4));
    expect(receiver.getTokenCount()).toBe(4);
  });

  test('callbacks see every token in order, its refresh token too', async () => {
    const { receiver, path } = await runningReceiver({ keepRefreshToken: false });
    const seen: string[] = [];
    receiver.onToken(({ generation, message }) => seen.push(`${generation} ${message.refreshToken ?? ''}`));
    for (const token of ['a', 'b', 'b', 'c']) await exchange(path, jsonMessage(token));
    await vi.waitFor(() => expect(seen).toEqual(['1 made-up-refresh', '2 made-up-refresh', '3 made-up-refresh']));
    expect(receiver.getLatestToken()?.message).toEqual({ accessToken: 'c', expiresAtMs: 4_000_000_000_000 });
  });
});

describe('a token pattern', () => {
  test.each([
    ['json', jsonMessage('made-up-secret')],
    ['bare', 'made-up-secret\n'],
  ])('refuses what it does not match: %s', async (_, text) => {
    const { receiver, path } = await runningReceiver({ tokenPattern: /^I0\.[\w.-]+@$/ });
    expect(await exchange(path, text)).toBe('ERROR bad_token');
    expect(receiver.getLatestToken()).toBeUndefined();
    expect(receiver.getLastError()).toMatchObject({ rejection: { code: 'bad_token', from: 'unix' } });
    expect(JSON.stringify(receiver.getLastError()) + String(receiver.getLastError())).not.toContain('secret');
    expect(await exchange(path, jsonMessage('I0.made-up@'))).toBe('OK');
  });

  test('is about each token anew, whatever its flags', async () => {
    const { receiver, path } = await runningReceiver({ tokenPattern: /made/giy });
    for (const token of ['made-1', 'MADE-2', 'made-3']) expect(await exchange(path, jsonMessage(token))).toBe('OK');
    expect(receiver.getTokenCount()).toBe(3);
  });

  test('says nothing about a token that was held before', async () => {
    const restored = { message: { accessToken: 'made-up' }, generation: 4, receivedAtMs: 1, from: 'unix' } as const;
    const { receiver, path } = await runningReceiver({ tokenPattern: /^I0/, restored });
    expect(await exchange(path, 'made-up\n')).toBe('ERROR bad_token');
    expect(receiver.getLatestToken()).toEqual(restored);
  });
});

describe('a restored token', () => {
  const restored: HeldToken = {
    message: { accessToken: 'made-up-1', expiresAtMs: 4_000_000_000_000 },
    generation: 41,
    receivedAtMs: 1234,
    from: 'tls',
    peer: 'bot@192.0.2.7',
  };

  test('is held from the start, and generations go on from it', async () => {
    const { receiver, path } = await runningReceiver({ restored, keepRefreshToken: false });
    const seen: HeldToken[] = [];
    receiver.onToken((held) => seen.push(held));
    expect(receiver.getLatestToken()).toEqual(restored);
    expect(receiver.getTokenCount()).toBe(41);
    expect(await exchange(path, jsonMessage('made-up-1'))).toBe('OK');
    expect(receiver.getLatestToken()).toEqual(restored);
    expect(await exchange(path, jsonMessage('made-up-2'))).toBe('OK');
    expect(receiver.getLatestToken()).toMatchObject({ generation: 42, from: 'unix' });
    expect(receiver.getTokenCount()).toBe(42);
    await vi.waitFor(() => expect(seen).toMatchObject([{ generation: 42 }]));
  });

  test('that was not kept still counts', async () => {
    const { receiver, path } = await runningReceiver({ lastGeneration: 41 });
    expect(receiver.getTokenCount()).toBe(41);
    await exchange(path, jsonMessage('made-up'));
    expect(receiver.getLatestToken()?.generation).toBe(42);
  });

  test('is not the same with another expiry', async () => {
    const { receiver, path } = await runningReceiver({ restored, keepRefreshToken: false });
    await exchange(path, jsonMessage('made-up-1', 5));
    expect(receiver.getLatestToken()).toMatchObject({ generation: 42, message: { expiresAtMs: 5000 } });
  });

  test('loses its refresh token where none is kept', async () => {
    const whole = { ...restored, message: { ...restored.message, refreshToken: 'made-up-refresh' } };
    const { receiver } = await runningReceiver({ restored: whole, keepRefreshToken: false });
    expect(receiver.getLatestToken()).toEqual(restored);
    expect((await runningReceiver({ restored: whole })).receiver.getLatestToken()).toEqual(whole);
  });
});

describe('callbacks', () => {
  test('one that throws, rejects or never finishes hurts nobody', async () => {
    const { receiver, path } = await runningReceiver();
    receiver.onToken(() => {
      throw new TypeError('made-up-secret');
    });
    receiver.onToken(() => Promise.reject(new Error('made-up-secret')));
    receiver.onToken(() => new Promise(() => undefined));
    const seen = vi.fn();
    receiver.onToken(seen);
    expect(await exchange(path, jsonMessage('first'))).toBe('OK');
    expect(await exchange(path, jsonMessage('second'))).toBe('OK');
    await vi.waitFor(() => expect(seen).toHaveBeenCalledTimes(2));
    await vi.waitFor(() => expect(receiver.getLastError()).toMatchObject({ code: 'callback_failed' }));
    expect(receiver.getLastError()?.message).not.toContain('made-up-secret');
  });

  test('are told how the expiry was written', async () => {
    const { receiver, path } = await runningReceiver();
    const seen: string[] = [];
    receiver.onToken(({ generation, expiryNotation }) => seen.push(`${generation} ${expiryNotation}`));
    const jwt = ['{"alg":"none"}', '{"exp":5}', ''].map((part) => Buffer.from(part).toString('base64url')).join('.');
    for (const text of [
      jsonMessage('a', 5),
      jsonMessage('b', 5e12),
      '{"access_token":"c","expires_at":"5"}',
      '{"access_token":"d","expires_at":"2025-11-13T08:44:23Z"}',
      `${jwt}\n`,
      'made-up\n',
    ]) {
      expect(await exchange(path, text)).toBe('OK');
    }
    await vi.waitFor(() =>
      expect(seen).toEqual(['1 seconds', '2 milliseconds', '3 digits', '4 iso8601', '5 jwt', '6 none']),
    );
  });

  test('one that is taken off by another is not called with what is under way', async () => {
    const { receiver, path } = await runningReceiver();
    const seen = vi.fn();
    receiver.onToken(() => off());
    const off = receiver.onToken(seen);
    const last = nextToken(receiver);
    await exchange(path, jsonMessage('made-up'));
    await last;
    expect(seen).not.toHaveBeenCalled();
  });

  test('one that adds itself again is called once for each token', async () => {
    const { receiver, path } = await runningReceiver();
    const seen: number[] = [];
    const again = (): void => {
      const off = receiver.onToken(({ generation }) => {
        seen.push(generation);
        off();
        again();
      });
    };
    again();
    for (const token of ['a', 'b']) await exchange(path, jsonMessage(token));
    await vi.waitFor(() => expect(seen).toEqual([1, 2]));
  });

  test('cannot change what is held or what others are given', async () => {
    const { receiver, path } = await runningReceiver();
    const held = nextToken(receiver);
    await exchange(path, jsonMessage('made-up'));
    for (const object of [receiver.getLatestToken(), await held]) {
      expect(Object.isFrozen(object)).toBe(true);
      expect(Object.isFrozen(object?.message)).toBe(true);
    }
  });

  test('one that is taken off is not called again', async () => {
    const { receiver, path } = await runningReceiver();
    const seen = vi.fn();
    const off = receiver.onToken(seen);
    await exchange(path, jsonMessage('first'));
    await vi.waitFor(() => expect(seen).toHaveBeenCalledTimes(1));
    off();
    const last = nextToken(receiver);
    await exchange(path, jsonMessage('second'));
    await last;
    expect(seen).toHaveBeenCalledTimes(1);
  });
});

describe('start and stop', () => {
  test('can be repeated, and the token survives', async () => {
    const { receiver, path } = await runningReceiver();
    expect(await receiver.start()).toEqual([{ kind: 'unix', path }]);
    await exchange(path, jsonMessage('kept'));
    await receiver.stop();
    await receiver.stop();
    expect(receiver.isRunning()).toBe(false);
    expect(receiver.addresses()).toEqual([]);
    await receiver.start();
    expect(receiver.isRunning()).toBe(true);
    expect(await exchange(path, jsonMessage('next'))).toBe('OK');
    expect(receiver.getTokenCount()).toBe(2);
  });

  test('stopping does not wait for a client that says nothing', async () => {
    const { receiver, path } = await runningReceiver();
    const silent = rawClient(path);
    await once(silent, 'connect');
    const closed = once(silent, 'close');
    silent.resume();
    const rejection = nextRejection(receiver);
    silent.write('{');
    await vi.waitFor(async () => {
      expect(await exchange(path, jsonMessage('later'))).toBe('OK');
    });
    await receiver.stop();
    silent.end();
    await closed;
    expect((await rejection).code).toBe('connection_lost');
  });
});
