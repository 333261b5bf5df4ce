/** The local web page: a server on 127.0.0.1, for one person's browser. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerBrokenRequests, giveWay, limitTimes, WITHOUT_LIMITS_OF_NODE, type Log } from '@token-relay/daemon';
import { SocketBindError } from '@token-relay/socket';
import { PageAnswers } from './page-answers.ts';
import { WebPage } from './web-page.ts';
import type { WebSource } from './web-source.ts';

const HOST = '127.0.0.1';
const MAX_CONNECTIONS = 256;

export interface WebServerOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly source: WebSource;
  readonly log: Log;
}

export interface WebServer {
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  /** Ends every connection; resolves when the port is free. */
  readonly close: () => Promise<void>;
}

/**
 * Resolves when the page can be opened. Tokens never appear on it.
 *
 * Rejects with a SocketBindError: `address_in_use`, `port_not_permitted`, `bind_failed`.
 */
export async function openWebServer({ port, source, log }: WebServerOptions): Promise<WebServer> {
  const answers = new PageAnswers();
  const page = new WebPage({ source, log, answers, csrfToken: randomBytes(24).toString('base64url') });
  const server = createServer(
    {
      maxHeaderSize: 8192,
      ...WITHOUT_LIMITS_OF_NODE,
      keepAliveTimeout: 5_000,
      // Node would answer with an empty body; the page says what is wrong.
      requireHostHeader: false,
    },
    (request: IncomingMessage, response: ServerResponse) => {
      if (answers.last.has(request.socket)) return;
      hasAsked(request, response);
      page.answer(request, response, boundPort(server));
    },
  );
  giveWay(server, MAX_CONNECTIONS);
  answerBrokenRequests(server, answers.last);
  const hasAsked = limitTimes(server);
  const listening = once(server, 'listening');
  server.listen({ host: HOST, port });
  try {
    await listening;
  } catch (error) {
    page.close();
    throw bindError(port, errnoOf(error));
  }
  return {
    url: `http://${HOST}:${boundPort(server)}/`,
    close: async () => {
      page.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function bindError(port: number, errno: string | undefined): SocketBindError {
  switch (errno) {
    case 'EADDRINUSE':
      return new SocketBindError(
        'address_in_use',
        `web_port: another program is listening on ${HOST}:${port}. Stop it, or choose another port.`,
      );
    case 'EACCES':
    case 'EPERM':
      return new SocketBindError(
        'port_not_permitted',
        `web_port: this user may not listen on port ${port}. Choose one from 1024 on.`,
      );
    case undefined:
    default:
      return new SocketBindError(
        'bind_failed',
        `web_port: ${HOST}:${port} could not be opened (${errno ?? 'unknown error'}).`,
      );
  }
}

/** The system's name for what went wrong, such as EADDRINUSE. */
function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
