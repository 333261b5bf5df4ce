import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { htmlAnswer } from './answers.ts';
import type { Certificate } from './certificate.ts';
import { decideControlRequest } from './control.ts';
import { SandboxError } from './errors.ts';
import { readBody } from './read-body.ts';
import { send } from './send.ts';
import type { Delivery } from './spoil.ts';
import { deliver } from './spoil.ts';
import type { StandIn } from './stand-in.ts';

const maxBodyBytes = 64 * 1024;
const requestTimeoutMs = 30_000;

export type Listening = { port: number; close(): Promise<void> };

/** Answers on `host` and `port`, over TLS if there is a certificate. Rejects with SandboxError `listen_failed`. */
export async function listen(
  standIn: StandIn,
  address: { host: string; port: number },
  certificate: Certificate | undefined,
): Promise<Listening> {
  const sockets = new Map<string, Socket>();
  const server = await createAnyServer(certificate, (request, response) => {
    void answer(standIn, request, response, sockets.get(peerOf(request.socket)) ?? request.socket);
  });
  // Over TLS a request's socket is not the TCP one, and only that one can be reset.
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    sockets.set(peer, socket);
    socket.once('close', () => sockets.delete(peer));
  });
  server.requestTimeout = requestTimeoutMs;

  const { port } = await startListening(server, address);
  let closed: Promise<void> | undefined;
  return {
    port,
    close() {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      });
      return closed;
    },
  };
}

async function createAnyServer(certificate: Certificate | undefined, listener: RequestListener): Promise<Server> {
  if (certificate === undefined) return createServer(listener);
  const https = await import('node:https');
  return https.createServer(certificate, listener);
}

function startListening(server: Server, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'another program listens there' : (error.code ?? 'unknown error');
      reject(
        new SandboxError('listen_failed', `Cannot listen on ${host} port ${port}: ${reason}. Choose another port.`),
      );
    });
    server.listen({ host, port }, () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address);
    });
  });
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
}

async function answer(
  standIn: StandIn,
  request: IncomingMessage,
  response: ServerResponse,
  socket: Socket,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  switch (body.status) {
    case 'gone':
      return;
    case 'too_large':
      send(deliver(htmlAnswer(413, 'Content Too Large', `A body may have ${maxBodyBytes} bytes.`)), response, socket);
      return;
    case 'complete':
      send(route(standIn, request, body.text), response, socket);
  }
}

function route(standIn: StandIn, request: IncomingMessage, body: string): Delivery {
  const method = request.method ?? '';
  const [path = '', ...rest] = (request.url ?? '').split('?');
  const query = rest.join('?');
  switch (`${method} ${path}`) {
    case 'POST /v1/oauth/token': {
      const { authorization, 'content-type': contentType } = request.headers;
      return standIn.token({ authorization, contentType, body });
    }
    case 'GET /v1/oauth/authorize':
      return deliver(standIn.authorize(new URLSearchParams(query)));
    case 'POST /v1/oauth/sign-in':
      return deliver(standIn.continueLogin('sign-in', body));
    case 'POST /v1/oauth/consent':
      return deliver(standIn.continueLogin('consent', body));
    case 'POST /v1/oauth/accounts':
      return deliver(standIn.continueLogin('accounts', body));
    case 'POST /v1/oauth/done':
      return deliver(standIn.continueLogin('done', body));
    default:
      return deliver(
        decideControlRequest(standIn, method, path, body) ??
          htmlAnswer(404, 'Not Found', 'There is nothing for this method and path.'),
      );
  }
}
