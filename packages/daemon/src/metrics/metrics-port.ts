/** A TCP port on loopback for what watches the daemons: Prometheus, and probes. Tokens never go over it. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { ConfigurationError } from '../configuration-error.ts';
import { errnoOf } from '../errno.ts';
import { problem } from '../local-http/answer.ts';
import { createLocalHttp, type Route } from '../local-http/server.ts';
import type { Log } from '../log.ts';
import { isLoopbackHost } from './loopback-host.ts';

const HOST = '127.0.0.1';
/** Whatever else a daemon answers on its socket is not answered here. */
const PATHS: ReadonlySet<string> = new Set(['/metrics', '/healthz', '/readyz']);
const MAX_CONNECTIONS = 256;

export interface MetricsPortOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Of these, `GET` of `/metrics`, `/healthz` and `/readyz` are served. */
  readonly routes: readonly Route[];
  readonly log: Log;
}

export interface MetricsPort {
  readonly port: number;
  /** Ends every connection; resolves when the port is free. */
  readonly close: () => Promise<void>;
}

/**
 * Listens on 127.0.0.1. A request under another name than loopback's is answered with 421 `misdirected_request`.
 *
 * Rejects with a ConfigurationError (`config_invalid`) that names the port if it is in use or not permitted.
 */
export async function openMetricsPort({ port, routes, log }: MetricsPortOptions): Promise<MetricsPort> {
  const served = routes.filter(({ method, path }) => method === 'GET' && PATHS.has(path)).map(onLoopbackOnly);
  const server = createLocalHttp(served, { log, maxConnections: MAX_CONNECTIONS, whenFull: 'give_way' });
  const listening = once(server, 'listening');
  server.listen({ host: HOST, port });
  try {
    await listening;
  } catch (error) {
    throw new ConfigurationError('config_invalid', bindProblem(port, errnoOf(error)));
  }
  // Without a listener, a connection that cannot be accepted (EMFILE) would end the daemon.
  server.on('error', (error) =>
    log.debug(`metrics_port: a connection was not accepted (${errnoOf(error) ?? 'unknown'})`),
  );
  const bound = boundPort(server);
  log.info(`Metrics at http://${HOST}:${bound}/metrics`);
  return {
    port: bound,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function onLoopbackOnly(route: Route): Route {
  return {
    ...route,
    answer: (request) =>
      isLoopbackHost(request.headers.host)
        ? route.answer(request)
        : problem(421, 'misdirected_request', 'This port answers only under the name of loopback', `http://${HOST}/`),
  };
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function bindProblem(port: number, errno: string | undefined): string {
  switch (errno) {
    case 'EADDRINUSE':
      return `metrics_port: another program is listening on ${HOST}:${port}. Stop it, or choose another port.`;
    case 'EACCES':
    case 'EPERM':
      return `metrics_port: this user may not listen on port ${port}. Choose one from 1024 on.`;
    case 'EAFNOSUPPORT':
      return `metrics_port: this process may not use TCP (${errno}). A service of systemd needs RestrictAddressFamilies=AF_INET and PrivateNetwork=no for that: see the example receiver-tcp.conf.`;
    case undefined:
    default:
      return `metrics_port: ${HOST}:${port} could not be opened (${errno ?? 'unknown error'}).`;
  }
}
