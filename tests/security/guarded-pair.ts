/** Both daemons with everything open that can listen on this machine, and a token delivered. */
import { once } from 'node:events';
import { requestLocal } from '../../packages/daemon/src/index.ts';
import { freePort } from '../../apps/sender/tests/free-port.ts';
import type { Bench, Program } from '../system/processes.ts';
import { open, type Place } from './raw-http.ts';

export interface Interface extends Place {
  readonly name: string;
  /** What it answers to. */
  readonly host: string;
  /** Is answered with 200. */
  readonly path: string;
  /** Takes a POST, or is asked for one without success; it is never carried out here. */
  readonly post: string;
}

export interface GuardedPair {
  readonly bench: Bench;
  readonly receiver: Program;
  readonly sender: Program;
  /** The access token that is held. */
  readonly token: string;
  readonly http: readonly Interface[];
  readonly tokenSocket: Place;
  readonly credentialSocket: Place;
}

export async function guardedPair(
  bench: Bench,
  callbackPort: number,
  receiverFlags: readonly string[] = [],
): Promise<GuardedPair> {
  const { appKey, appSecret } = bench.sandbox.credentials;
  const callback = `callback_url: https://127.0.0.1:${callbackPort}`;
  await bench.write('app.yaml', `app_key: ${appKey}\napp_secret: ${appSecret}\n${callback}\n`, 0o600);
  const receiver = bench.receiver(
    '--metrics-port=0',
    `--credential-socket-path=${bench.path('credential.sock')}`,
    ...receiverFlags,
  );
  await receiver.line(/started/);
  const sender = bench.sender(
    '--metrics-port=0',
    `--web-port=${await freePort()}`,
    `--authorize-url=${bench.sandbox.authorizeUrl}`,
  );
  await receiver.line(/Token received/);
  const control = bench.path('control.sock');
  await requestLocal(control, { method: 'POST', path: '/v1/login', json: { timeout_ms: 600_000 }, timeoutMs: 10_000 });
  const [receiverMetrics, senderMetrics, web] = await Promise.all([
    portIn(receiver, /Metrics at http:\/\/127\.0\.0\.1:(\d+)/),
    portIn(sender, /Metrics at http:\/\/127\.0\.0\.1:(\d+)/),
    portIn(sender, /Web page at http:\/\/127\.0\.0\.1:(\d+)/),
  ]);
  const { token } = await bench.tokens();
  const onPort = (port: number) => ({ port, host: `127.0.0.1:${port}` });
  return {
    bench,
    receiver,
    sender,
    token: String(token['access_token']),
    tokenSocket: { unix: bench.socket },
    credentialSocket: { unix: bench.path('credential.sock') },
    http: [
      { name: 'api.sock', unix: bench.api, host: 'localhost', path: '/v1/token/raw', post: '/v1/status' },
      { name: 'control.sock', unix: control, host: 'localhost', path: '/v1/status', post: '/v1/login/paste' },
      { name: 'metrics port of the receiver', ...onPort(receiverMetrics), path: '/healthz', post: '/healthz' },
      { name: 'metrics port of the sender', ...onPort(senderMetrics), path: '/healthz', post: '/healthz' },
      { name: 'web page', ...onPort(web), path: '/style.css', post: '/login' },
      { name: 'callback', ...onPort(callbackPort), isTls: true, path: '/done/none', post: '/' },
    ],
  };
}

async function portIn(program: Program, pattern: RegExp): Promise<number> {
  return Number(pattern.exec(await program.line(pattern))?.[1]);
}

/** Delivers a token as any program would. Resolves with the reply. */
export async function deliver(place: Place, accessToken: string): Promise<string> {
  const socket = open(place);
  socket.write(JSON.stringify({ access_token: accessToken, expires_at: 4_000_000_000 }));
  let reply = '';
  socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
  if (!socket.destroyed) await once(socket, 'close').catch(() => undefined);
  return reply;
}
