/**
 * A host's way to Schwab: the sandbox listens on loopback alone, and a host of ours has a loopback of its own, so socat
 * joins that to a Unix socket, and what comes there is passed on. So it is known which host asked, and for what.
 */
import type { Sandbox } from '@token-relay/schwab-sandbox';
import { fingerprint } from '@token-relay/tokens';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Ledger } from './ledger.ts';
import type { Machine } from './network.ts';

export const SCHWAB_PORT = 9_443;

export class SchwabDoor {
  readonly #server: Server;
  readonly #socat: ChildProcess;

  private constructor(server: Server, socat: ChildProcess) {
    this.#server = server;
    this.#socat = socat;
  }

  static async open(
    machine: Machine,
    socket: string,
    given: { sandbox: Sandbox; ledger: Ledger },
  ): Promise<SchwabDoor> {
    const server = createServer((request, response) => {
      pass(request, machine.name, given).then(
        ({ status, contentType, body }) => response.writeHead(status, { 'Content-Type': contentType }).end(body),
        () => response.destroy(),
      );
    });
    await once(server.listen(socket), 'listening');
    const [command, ...args] = [
      ...machine.through,
      'socat',
      `TCP-LISTEN:${SCHWAB_PORT},bind=127.0.0.1,reuseaddr,fork`,
      `UNIX-CONNECT:${socket}`,
    ];
    return new SchwabDoor(server, spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }));
  }

  close(): void {
    this.#socat.kill();
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

async function pass(
  request: IncomingMessage,
  host: string,
  { sandbox, ledger }: { sandbox: Sandbox; ledger: Ledger },
): Promise<{ status: number; contentType: string; body: string }> {
  const body = await buffer(request);
  const { authorization = '', 'content-type': type = '' } = request.headers;
  const answer = await fetch(`${sandbox.baseUrl}${request.url ?? ''}`, {
    method: request.method ?? 'GET',
    headers: { authorization, 'content-type': type },
    ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
  });
  const text = await answer.text();
  if (answer.ok) {
    const { access_token: accessToken, expires_in: lifeSeconds } = JSON.parse(text) as {
      access_token: string;
      expires_in: number;
    };
    const isLogin = body.includes('grant_type=authorization_code');
    ledger.issued({ host, isLogin, fingerprint: fingerprint(accessToken), lifeMs: lifeSeconds * 1_000 });
  } else ledger.refused();
  return { status: answer.status, contentType: answer.headers.get('content-type') ?? '', body: text };
}
