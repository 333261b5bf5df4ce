import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { exchange, jsonMessage, rawClient, replyOn } from './raw-client.ts';
import { nextRejection, runningReceiver } from './running-receiver.ts';

describe('each refusal has its code', () => {
  test.each<[string, string, string | Uint8Array, boolean]>([
    ['too_large', 'an oversize JSON message', jsonMessage('a'.repeat(8192)), false],
    ['too_large', 'an oversize bare token', 'a'.repeat(8193), false],
    ['not_utf8', 'binary', Uint8Array.of(0xff, 0xfe, 0x00, 0x01), false],
    ['not_utf8', 'binary inside JSON', Buffer.concat([Buffer.from('{"access_token":"'), Buffer.of(0xff)]), false],
    ['bad_json', 'JSON that is none', "{'access_token': 'a'}", false],
    ['bad_json', 'half a message, then the end', '{"access_token":"a', true],
    ['bad_message', 'a missing member', '{"access_token":"a"}', false],
    ['bad_message', 'a bare token of two words', 'two words\n', false],
    ['empty', 'an empty line', '\n', false],
    ['empty', 'blanks and an empty line', ' \r\n', false],
    ['empty', 'nothing, then the end', '', true],
  ])('%s: %s', async (code, _, message, end) => {
    const { receiver, path } = await runningReceiver();
    const rejection = nextRejection(receiver);
    expect(await exchange(path, message, { end })).toBe(`ERROR ${code}`);
    expect(await rejection).toMatchObject({ code, from: 'unix' });
    expect(receiver.getLatestToken()).toBeUndefined();
  });
});

describe('white space before a message is skipped', () => {
  test.each([
    ['a byte order mark', '\uFEFF'],
    ['newlines', '\n\r\n'],
    ['all of it', '\uFEFF \t\r\n\n '],
  ])('%s', async (_, lead) => {
    const { receiver, path } = await runningReceiver();
    expect(await exchange(path, lead + jsonMessage('made-up'))).toBe('OK');
    expect(receiver.getLatestToken()?.message.accessToken).toBe('made-up');
  });
});

describe('Every input has a size limit and a deadline', () => {
  test('a client that says nothing is told timeout', async () => {
    const { path } = await runningReceiver({ receiveTimeoutMs: 50 });
    expect(await exchange(path, '')).toBe('ERROR timeout');
  });

  test('a client that never finishes is told timeout, however busy it looks', async () => {
    const { receiver, path } = await runningReceiver({ receiveTimeoutMs: 150 });
    const socket = rawClient(path);
    const reply = replyOn(socket);
    socket.write('{"access_token":"');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const drip = setInterval(() => socket.write('a'), 5);
    expect(await reply).toBe('ERROR timeout');
    expect(receiver.getLastError()).toMatchObject({ rejection: { code: 'timeout' } });
    // It stays, and goes on: then it is closed.
    await closed;
    clearInterval(drip);
  });

  test('a client that sends byte by byte within the deadline is understood', async () => {
    const { path } = await runningReceiver();
    const socket = rawClient(path);
    const reply = replyOn(socket);
    for (const byte of jsonMessage('slow')) await new Promise((resolve) => socket.write(byte, resolve));
    expect(await reply).toBe('OK');
  });

  test('a client that floods is refused and still reads why', async () => {
    const { path } = await runningReceiver({ maxTokenSize: 100 });
    expect(await exchange(path, `{"x":"${'y'.repeat(1_000_000)}`)).toBe('ERROR too_large');
  });

  test('what follows a message is ignored and does not cost the reply', async () => {
    const { path } = await runningReceiver();
    expect(await exchange(path, `${jsonMessage('a')}${'z'.repeat(1_000_000)}`)).toBe('OK');
  });

  test('a client that keeps the connection open is closed', async () => {
    const { receiver, path } = await runningReceiver({ receiveTimeoutMs: 300 });
    const socket = rawClient(path);
    socket.write(jsonMessage('a'));
    expect(await replyOn(socket)).toBe('OK');
    const chatter = setInterval(() => socket.write('more'), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(chatter);
    expect(receiver.getTokenCount()).toBe(1);
  });

  test('connections beyond the limit are told busy, and there is room again when one ends', async () => {
    const { receiver, path } = await runningReceiver({ maxConnections: 2 });
    const waiting = [rawClient(path), rawClient(path)];
    await Promise.all(waiting.map((socket) => once(socket, 'connect')));
    expect(await exchange(path, '')).toBe('ERROR busy');
    expect(await exchange(path, jsonMessage('not-read'))).toBe('ERROR busy');
    expect(receiver.getLastError()).toMatchObject({ rejection: { code: 'busy' } });
    const replies = waiting.map((socket) => replyOn(socket));
    waiting[0]?.write(jsonMessage('first'));
    expect(await replies[0]).toBe('OK');
    const gone = nextRejection(receiver);
    waiting[0]?.destroy();
    waiting[1]?.destroy();
    await gone;
    expect(await exchange(path, jsonMessage('second'))).toBe('OK');
  });

  test('no client can make the receiver hold more connections than twice the limit', async () => {
    const { path } = await runningReceiver({ maxConnections: 2, receiveTimeoutMs: 60_000 });
    const sockets = Array.from({ length: 6 }, () => rawClient(path));
    const replies = await Promise.all(sockets.slice(2).map(replyOn));
    expect(replies).toEqual(['ERROR busy', 'ERROR busy', 'ERROR busy', 'ERROR busy']);
  });
});
