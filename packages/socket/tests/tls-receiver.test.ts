import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  DeliveryError,
  formatAddress,
  type PeerRefusal,
  sendToken,
  type TlsMaterial,
  TokenReceiver,
} from '../src/index.ts';
import { exchange, jsonMessage, rawClient, replyOn } from './raw-client.ts';
import { nextRejection, nextToken } from './running-receiver.ts';
import {
  as,
  asStranger,
  failure,
  files,
  makeCertificates,
  nextRefusal,
  sendOptions,
  tlsClient,
  tlsReceiver,
} from './tls-rig.ts';

beforeAll(makeCertificates, 60_000);

describe('a token over TLS', () => {
  test('is held and acknowledged, and it is known who sent it', async () => {
    const { receiver, address } = await tlsReceiver();
    expect(formatAddress(address)).toBe(`tls:127.0.0.1:${address.port}`);
    await sendToken(address, jsonMessage('made-up-over-tls'), sendOptions(as('bot')));
    expect(receiver.getLatestToken()).toMatchObject({
      message: { accessToken: 'made-up-over-tls' },
      generation: 1,
      from: 'tls',
      peer: 'bot@127.0.0.1',
    });
  });

  test.each([
    ['::1', '::1', 'bot@::1'],
    ['::', '127.0.0.1', 'bot@127.0.0.1'],
    ['0.0.0.0', 'localhost', 'bot@127.0.0.1'],
  ])('comes over any address that there is: %s', async (tcpHost, host, peer) => {
    const { receiver, address } = await tlsReceiver({ tcpHost });
    await sendToken({ ...address, host }, jsonMessage('made-up'), sendOptions(as('bot')));
    expect(receiver.getLatestToken()?.peer).toBe(peer);
  });

  test('takes the place of a Unix socket that cannot be opened, and stands beside one where both are wanted', async () => {
    const { receiver } = await tlsReceiver({ unixSocketPath: '/nowhere/at/all/token.sock' });
    expect(receiver.addresses().map(({ kind }) => kind)).toEqual(['tls']);
    expect(receiver.getLastError()).toMatchObject({ code: 'folder_missing' });
    const path = `${files.folder}/both.sock`;
    const both = await tlsReceiver({ unixSocketPath: path, preferUnixSocket: false });
    expect(both.receiver.addresses().map(({ kind }) => kind)).toEqual(['unix', 'tls']);
    expect(await exchange(path, jsonMessage('made-up'))).toBe('OK');
    expect(both.receiver.getLatestToken()).toEqual(expect.not.objectContaining({ peer: expect.anything() as unknown }));
  });

  test('may be bare, without a newline, from a sender that ends its side', async () => {
    const { receiver, address } = await tlsReceiver();
    const socket = tlsClient(address, { ...as('bot') });
    const reply = replyOn(socket);
    socket.end('made-up-bare');
    expect(await reply).toBe('OK');
    expect(receiver.getLatestToken()?.message).toEqual({ accessToken: 'made-up-bare' });
  });

  test('may be sent without waiting for a reply', async () => {
    const { receiver, address } = await tlsReceiver();
    const arrived = nextToken(receiver);
    await sendToken(address, 'made-up-raw', { ...sendOptions(as('bot')), expectReply: false });
    expect((await arrived).message).toEqual({ accessToken: 'made-up-raw' });
  });

  test('may come from openssl, as a person would try it', async () => {
    const { receiver, address } = await tlsReceiver();
    const client = spawn(
      'openssl',
      [
        ...['s_client', '-quiet', '-connect', `127.0.0.1:${address.port}`, '-verify_return_error'],
        ...['-cert', 'bot.crt', '-key', 'bot.key', '-CAfile', 'ca.crt'],
      ],
      { cwd: files.folder, stdio: ['pipe', 'pipe', 'ignore'] },
    );
    let output = '';
    client.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    client.stdin.write('made-up-openssl\n');
    await once(client, 'close');
    expect(output).toBe('OK');
    expect(receiver.getLatestToken()).toMatchObject({
      message: { accessToken: 'made-up-openssl' },
      peer: 'bot@127.0.0.1',
    });
  });
});

describe('a certificate that may not deliver is refused, and both sides are told why', () => {
  test.each<[string, () => TlsMaterial, Partial<PeerRefusal>]>([
    ['of another authority', asStranger, { code: 'untrusted', name: 'bot' }],
    ['that has expired', () => as('expired'), { code: 'expired', name: 'expired' }],
    ['that is not valid yet', () => as('too-early'), { code: 'not_yet_valid', name: 'too-early' }],
    ['that is for servers only', () => as('for-servers'), { code: 'untrusted', name: 'for-servers' }],
  ])('%s', async (_, tls, refusal) => {
    const { receiver, address } = await tlsReceiver();
    const refused = nextRefusal(receiver);
    const error = await failure(sendToken(address, jsonMessage('made-up-secret'), sendOptions(tls())));
    expect(error).toBeInstanceOf(DeliveryError);
    expect(error).toMatchObject({ code: 'certificate_refused', retryable: false, replyCode: 'not_authorized' });
    expect(await refused).toEqual({ ...refusal, address: '127.0.0.1', reason: expect.any(String) as string });
    expect(receiver.getLastError()).toMatchObject({ code: 'peer_refused' });
    expect(receiver.getLastError()?.message).toContain(`${refusal.name ?? ''}@127.0.0.1 may not deliver over TLS`);
    expect(receiver.getLatestToken()).toBeUndefined();
    expect(JSON.stringify([error, await refused])).not.toContain('made-up-secret');
  });

  test('none at all', async () => {
    const { receiver, address } = await tlsReceiver();
    const refused = nextRefusal(receiver);
    const socket = tlsClient(address, { ca: as('bot').ca });
    const reply = replyOn(socket);
    socket.write(jsonMessage('made-up'));
    expect(await reply).toBe('ERROR not_authorized');
    expect(await refused).toEqual({
      code: 'no_certificate',
      address: '127.0.0.1',
      reason: expect.stringContaining('no certificate') as string,
    });
    expect(receiver.getLatestToken()).toBeUndefined();
  });

  test('whose name is not among those that may connect', async () => {
    const { receiver, address } = await tlsReceiver({ tls: { ...as('receiver'), clients: ['bot', 'other'] } });
    await sendToken(address, jsonMessage('made-up-1'), sendOptions(as('bot')));
    for (const [name, shown] of [
      ['elsewhere', { name: 'elsewhere' }],
      ['nameless', {}],
    ] as const) {
      const refused = nextRefusal(receiver);
      const error = await failure(sendToken(address, jsonMessage('made-up-2'), sendOptions(as(name))));
      expect(error).toMatchObject({ code: 'certificate_refused' });
      expect(await refused).toEqual({
        code: 'name_not_permitted',
        address: '127.0.0.1',
        ...shown,
        reason: expect.stringContaining('clients') as string,
      });
    }
    expect(receiver.getTokenCount()).toBe(1);
  });

  test('no name that a stranger chose can write lines into a log', async () => {
    const { receiver, address } = await tlsReceiver();
    await sendToken(address, jsonMessage('made-up'), sendOptions(as('rude')));
    expect(files.commonName('rude')).toContain('\n\u001b');
    expect(receiver.getLatestToken()?.peer).toMatch(/^[ -~]{1,64}@127\.0\.0\.1$/);
  });

  test('in an older session neither', async () => {
    const { receiver, address } = await tlsReceiver();
    const sessions: Buffer[] = [];
    const first = tlsClient(address, { ...as('bot') }).on('session', (session) => sessions.push(session));
    first.write(jsonMessage('made-up'));
    expect(await replyOn(first)).toBe('OK');
    await once(first.end(), 'close');
    // A client that has none is the best there is; one that has may not use it.
    const second = tlsClient(address, { ca: as('bot').ca, session: sessions[0] ?? first.getSession() });
    const reply = replyOn(second);
    await once(second, 'secureConnect');
    expect(second.isSessionReused()).toBe(false);
    second.write(jsonMessage('made-up-2'));
    expect(await reply).toBe('ERROR not_authorized');
    expect(receiver.getTokenCount()).toBe(1);
  });
});

describe('those who do not speak TLS as they should', () => {
  test.each([
    ['a sender without TLS', jsonMessage('made-up')],
    ['a bare token without TLS', 'made-up-bare-token\n'],
    ['a browser', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('%s is refused as not_tls', async (_, text) => {
    const { receiver, address } = await tlsReceiver();
    const refused = nextRefusal(receiver);
    const reply = await exchange(address, text);
    expect(reply).not.toContain('OK');
    expect(await refused).toMatchObject({ code: 'not_tls', address: '127.0.0.1' });
    expect(receiver.getLatestToken()).toBeUndefined();
  });

  test('a client with TLS 1.2 is refused as tls_too_old', async () => {
    const { receiver, address } = await tlsReceiver();
    const refused = nextRefusal(receiver);
    const socket = tlsClient(address, { ...as('bot'), maxVersion: 'TLSv1.2' });
    await new Promise((resolve) => socket.on('close', resolve));
    expect(await refused).toMatchObject({ code: 'tls_too_old' });
  });

  test('openssl, if it does not trust the receiver, is heard', async () => {
    const { receiver, address } = await tlsReceiver();
    const refused = nextRefusal(receiver);
    const client = spawn(
      'openssl',
      [
        's_client',
        '-quiet',
        '-connect',
        `127.0.0.1:${address.port}`,
        '-CAfile',
        'other-ca.crt',
        '-verify_return_error',
      ],
      { cwd: files.folder, stdio: ['pipe', 'ignore', 'ignore'] },
    );
    await once(client, 'close');
    expect(await refused).toMatchObject({ code: 'distrusts_us' });
  });

  test('one who begins a handshake and does not go on is refused as handshake_timeout', async () => {
    const { receiver, address } = await tlsReceiver({ receiveTimeoutMs: 100 });
    const refused = nextRefusal(receiver);
    const socket = rawClient(address);
    socket.resume().write('\u0016\u0003\u0001');
    await once(socket, 'close');
    expect(await refused).toMatchObject({ code: 'handshake_timeout', address: '127.0.0.1' });
  });

  test('one who finishes the handshake and says nothing is told timeout like others', async () => {
    const { address } = await tlsReceiver({ receiveTimeoutMs: 300 });
    const socket = tlsClient(address, { ...as('bot') });
    expect(await replyOn(socket)).toBe('ERROR timeout');
  });

  test.each([
    ['ends its side', (socket: Socket) => void socket.end()],
    ['ends its side in the middle', (socket: Socket) => void socket.end('\u0016\u0003\u0001')],
    ['resets the connection', (socket: Socket) => void socket.resetAndDestroy()],
  ])('one who connects and %s is nobody to be warned of, and gives up its place', async (_, act) => {
    const { receiver, address } = await tlsReceiver({ maxConnections: 1 });
    const refused = vi.fn();
    receiver.onPeerRefused(refused);
    const rejection = nextRejection(receiver);
    const socket = rawClient(address);
    await once(socket, 'connect');
    act(socket);
    expect(await rejection).toMatchObject({
      code: 'connection_lost',
      from: 'tls',
      detail: expect.stringContaining('handshake') as string,
    });
    await vi.waitFor(() => sendToken(address, jsonMessage('made-up'), sendOptions(as('bot'))));
    expect(refused).not.toHaveBeenCalled();
  });
});

describe('No other connection is delayed', () => {
  test('by one whose handshake hangs, one that is refused and one that speaks no TLS', async () => {
    const { receiver, address } = await tlsReceiver();
    const hanging = rawClient(address);
    await once(hanging, 'connect');
    hanging.write('\u0016\u0003\u0001');
    for (let round = 0; round < 5; round++) {
      const [bad] = await Promise.all([
        failure(sendToken(address, jsonMessage('made-up-bad'), sendOptions(as('expired')))),
        exchange(address, 'GET / HTTP/1.1\r\n\r\n'),
        sendToken(address, jsonMessage(`made-up-${round}`), sendOptions(as('bot'))),
      ]);
      expect(bad).toMatchObject({ code: 'certificate_refused' });
    }
    expect(receiver.getTokenCount()).toBe(5);
    expect(hanging.destroyed).toBe(false);
  });

  test('handshakes count as connections, and the one that hangs longest gives way to a sender', async () => {
    let nowMs = 0;
    const { receiver, address } = await tlsReceiver({ maxConnections: 2, monotonicMs: () => nowMs });
    const hanging = [rawClient(address), rawClient(address)];
    await Promise.all(hanging.map((socket) => once(socket.resume(), 'connect')));
    const error = await failure(sendToken(address, jsonMessage('made-up'), sendOptions(as('bot'))));
    expect(error).toMatchObject({ code: 'connection_lost', retryable: true });
    expect(receiver.getLastError()).toMatchObject({ rejection: { code: 'busy', from: 'tls' } });
    nowMs = 1000;
    await sendToken(address, jsonMessage('made-up'), sendOptions(as('bot')));
    await vi.waitFor(() => expect(hanging.filter((socket) => socket.destroyed)).toHaveLength(1));
  });
});

describe('new certificates', () => {
  test('are used for the connections that come from then on, and nothing else changes', async () => {
    const { receiver, address } = await tlsReceiver();
    const halfway = tlsClient(address, { ...as('bot') });
    const reply = replyOn(halfway);
    await once(halfway, 'secureConnect');
    halfway.write('made-up-');
    await sendToken(address, jsonMessage('made-up-old'), sendOptions(as('bot')));

    files.certificate('renewed', 'other-ca');
    receiver.reloadTls(as('renewed', 'other-ca'));
    const before = await failure(sendToken(address, jsonMessage('made-up-2'), sendOptions(as('bot'))));
    expect(before).toMatchObject({ code: 'server_untrusted' });
    await sendToken(address, jsonMessage('made-up-new'), sendOptions(as('stranger', 'other-ca')));
    halfway.write('halfway\n');
    expect(await reply).toBe('OK');
    expect(receiver.getLatestToken()?.message.accessToken).toBe('made-up-halfway');
    expect(receiver.addresses()).toEqual([address]);

    await receiver.stop();
    const [again] = await receiver.start();
    if (again !== undefined) await sendToken(again, jsonMessage('made-up-3'), sendOptions(as('stranger', 'other-ca')));
    expect(receiver.getTokenCount()).toBe(4);
  });

  test('bring new names with them', async () => {
    const { receiver, address } = await tlsReceiver({ tls: { ...as('receiver'), clients: ['somebody'] } });
    const delivery = (): Promise<unknown> =>
      failure(sendToken(address, jsonMessage('made-up'), sendOptions(as('bot'))));
    expect(await delivery()).toMatchObject({ code: 'certificate_refused' });
    receiver.reloadTls({ ...as('receiver'), clients: ['bot'] });
    expect(await delivery()).toBe('delivered');
  });

  test('that cannot be used are an error that says so, and the old ones stay', async () => {
    const { receiver, address } = await tlsReceiver();
    const wrong = { ...as('receiver'), key: as('bot').key, clients: [] };
    expect(() => receiver.reloadTls(wrong)).toThrow(
      expect.objectContaining({ name: 'TlsMaterialError', code: 'unusable' }),
    );
    await sendToken(address, jsonMessage('made-up'), sendOptions(as('bot')));
  });

  test('are of no use to a receiver without TLS', () => {
    expect(() => new TokenReceiver({ tcpPort: 0 }).reloadTls(as('receiver'))).toThrow(
      expect.objectContaining({ name: 'TlsMaterialError', code: 'not_configured' }),
    );
  });
});

test('a receiver with certificates that cannot be used does not start, and leaves no socket behind', async () => {
  const receiver = new TokenReceiver({
    unixSocketPath: `${files.folder}/unusable.sock`,
    preferUnixSocket: false,
    tcpPort: 0,
    tls: { ...as('receiver'), key: as('bot').key },
  });
  await expect(receiver.start()).rejects.toMatchObject({ name: 'TlsMaterialError', code: 'unusable' });
  expect(receiver.isRunning()).toBe(false);
  expect(receiver.getLastError()).toMatchObject({ code: 'unusable' });
  expect(readdirSync(files.folder)).not.toContain('unusable.sock');
});
