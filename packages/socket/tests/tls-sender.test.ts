import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { DeliveryError, formatAddress, sendToken, TokenReceiver } from '../src/index.ts';
import { jsonMessage } from './raw-client.ts';
import {
  as,
  asStranger,
  failure,
  files,
  listening,
  makeCertificates,
  sendOptions,
  type TlsAddress,
} from './tls-rig.ts';

beforeAll(makeCertificates, 60_000);

describe('a sender makes sure of the receiver before it says a word', () => {
  /** A server that holds a certificate, and writes down what it hears. */
  async function impostor(name: string, authority = 'ca'): Promise<{ address: TlsAddress; heard: () => string }> {
    let heard = '';
    const { cert, key } = as(name, authority);
    const server = createTlsServer({ cert, key }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString();
        socket.end('OK');
      });
    });
    return { address: await listening(server), heard: () => heard };
  }

  test.each([
    ['is from another authority', 'stranger', 'other-ca', 'server_untrusted'],
    ['has expired', 'expired', 'ca', 'server_certificate_expired'],
    ['is not valid yet', 'too-early', 'ca', 'server_untrusted'],
    ['is for another address', 'elsewhere', 'ca', 'server_name_mismatch'],
  ])('a certificate that %s', async (_, name, authority, code) => {
    const { address, heard } = await impostor(name, authority);
    for (const expectReply of [true, false]) {
      const error = await failure(
        sendToken(address, jsonMessage('made-up-secret'), { ...sendOptions(as('bot')), expectReply }),
      );
      expect(error).toBeInstanceOf(DeliveryError);
      expect(error).toMatchObject({
        code,
        retryable: false,
        message: expect.stringContaining(formatAddress(address)) as string,
      });
    }
    expect(heard()).toBe('');
  });

  test.each([
    ['a name in place of the address', 'elsewhere.example', 'delivered'],
    ['an address in place of the address', '192.0.2.7', 'delivered'],
    ['another name', 'else.example', 'server_name_mismatch'],
    ['another address', '192.0.2.8', 'server_name_mismatch'],
  ])('serverName: %s', async (_, serverName, outcome) => {
    const { address } = await impostor('elsewhere');
    const result = await failure(sendToken(address, jsonMessage('made-up'), sendOptions({ ...as('bot'), serverName })));
    expect(result instanceof DeliveryError ? result.code : result).toBe(outcome);
  });

  test('a name for the address is looked at as a name', async () => {
    const { address } = await impostor('receiver');
    await sendToken({ ...address, host: 'localhost' }, jsonMessage('made-up'), sendOptions(as('bot')));
  });
});

describe('a sender says what is wrong', () => {
  test('with a receiver that refuses its certificate in the handshake', async () => {
    const strict = spawn(
      'openssl',
      [
        ...['s_server', '-accept', '0', '-naccept', '1', '-Verify', '1', '-verify_return_error', '-tls1_3'],
        ...['-cert', 'receiver.crt', '-key', 'receiver.key', '-CAfile', 'ca.crt'],
      ],
      { cwd: files.folder, stdio: ['pipe', 'pipe', 'ignore'] },
    );
    onTestFinished(() => void strict.kill());
    const port = await new Promise<number>((resolve) => {
      let output = '';
      strict.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        const found = /ACCEPT \S*:(\d+)/.exec(output);
        if (found !== null) resolve(Number(found[1]));
      });
    });
    const address = { kind: 'tls', host: '127.0.0.1', port } as const;
    const error = await failure(sendToken(address, jsonMessage('made-up'), sendOptions(asStranger())));
    expect(error).toMatchObject({ code: 'certificate_refused', retryable: false });
  });

  test('with one that closes after the handshake without a word, which may be for the certificate or not', async () => {
    const address = await listening(
      createTlsServer({ ...as('receiver'), requestCert: true, rejectUnauthorized: true }),
    );
    const error = await failure(sendToken(address, jsonMessage('made-up'), sendOptions(asStranger())));
    expect(['no_reply', 'connection_lost']).toContain((error as DeliveryError).code);
    expect(error).toMatchObject({ retryable: true });
  });

  test('with one that does not speak TLS', async () => {
    const receiver = new TokenReceiver({ tcpPort: 0 });
    onTestFinished(() => receiver.stop());
    const [address] = await receiver.start();
    if (address?.kind !== 'tcp') throw new Error('no TCP');
    const error = await failure(sendToken({ ...address, kind: 'tls' }, jsonMessage('made-up'), sendOptions(as('bot'))));
    expect(error).toMatchObject({ code: 'tls_failed', retryable: false });
  });

  test('with one that speaks TLS 1.2 only', async () => {
    const address = await listening(createTlsServer({ ...as('receiver'), maxVersion: 'TLSv1.2' }));
    expect(await failure(sendToken(address, 'made-up', sendOptions(as('bot'))))).toMatchObject({ code: 'tls_failed' });
  });

  test('with one that never answers, that hangs up, and that is not there', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      if (sockets.size === 2) socket.destroy();
    });
    const address = await listening(server);
    const options = sendOptions(as('bot'));
    expect(await failure(sendToken(address, 'made-up', { ...options, timeoutMs: 100 }))).toMatchObject({
      code: 'timeout',
    });
    expect(await failure(sendToken(address, 'made-up', options))).toMatchObject({ code: 'connection_lost' });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(sendToken(address, 'made-up', options))).toMatchObject({
      code: 'no_listener',
      retryable: true,
    });
  });

  test('with its own certificates', async () => {
    const address = { kind: 'tls', host: '127.0.0.1', port: 1 } as const;
    expect(await failure(sendToken(address, 'made-up', sendOptions(undefined)))).toMatchObject({
      code: 'tls_required',
    });
    const wrong = { ...as('bot'), key: as('receiver').key };
    expect(await failure(sendToken(address, 'made-up', sendOptions(wrong)))).toMatchObject({ code: 'bad_certificate' });
  });

  test('and ends when its signal says so', async () => {
    const server = createServer((socket) => void socket.on('error', () => undefined));
    const address = await listening(server);
    const options = sendOptions(as('bot'));
    const atOnce = new AbortController();
    const delivery = failure(sendToken(address, 'made-up', { ...options, signal: atOnce.signal }));
    atOnce.abort();
    expect(await delivery).toMatchObject({ code: 'aborted' });
    const later = new AbortController();
    const accepted = once(server, 'connection');
    const other = failure(sendToken(address, 'made-up', { ...options, signal: later.signal }));
    await accepted;
    later.abort();
    expect(await other).toMatchObject({ code: 'aborted' });
  });
});
