/** The receiver's HTTP interface as a server, with all that waits on it. */
import { createLocalHttp, HttpCounts, type Log, type Route } from '@token-relay/daemon';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { ApiCounts } from '../metrics/receiver-metrics.ts';
import { EventReaders } from './event-readers.ts';
import { apiRoutes, type ApiSource } from './routes.ts';
import { TokenRenderings } from './token-renderings.ts';
import { MAX_WAIT_SECONDS } from './wait-parameter.ts';
import { WaitingReaders } from './waiting-readers.ts';

export interface ApiOptions {
  readonly log: Log;
  /** Default 8192. Health, status and metrics are answered also when all are taken. */
  readonly maxConnections?: number;
  /** Readers that wait with `?wait=`; default half of the connections, so that there is room for those who do not. */
  readonly maxWaiting?: number;
  /** Routes that other parts make, such as `/metrics`. */
  readonly extra?: readonly Route[];
  /** Default 5000. */
  readonly headersTimeoutMs?: number;
  /** Default 10 000. */
  readonly requestTimeoutMs?: number;
  /** Default 60 000. */
  readonly keepAliveTimeoutMs?: number;
  /** A clock that is never set; default performance.now. */
  readonly runningMs?: () => number;
  /** Default 15 000. */
  readonly heartbeatMs?: number;
  /** So long a reader of the events may take in nothing; default 60 000. */
  readonly stuckMs?: number;
}

export interface Api {
  /** Not listening yet: the caller binds it to a socket. */
  readonly server: Server;
  /** All of them; some are for the metrics port too. */
  readonly routes: readonly Route[];
  readonly counts: () => ApiCounts;
  /** Answers who waits, ends the streams, and resolves when every connection is closed. */
  readonly close: () => Promise<void>;
}

export function createApi(source: ApiSource, options: ApiOptions): Api {
  const { holding, nowMs } = source;
  const { log, maxConnections = 8192, maxWaiting = Math.ceil(maxConnections / 2), extra = [] } = options;
  const latest = () => holding.latest();
  const renderings = new TokenRenderings();
  const waiting = new WaitingReaders(maxWaiting);
  const readers = new EventReaders({
    latest,
    nowMs,
    render: renderings.event,
    ...(options.runningMs === undefined ? {} : { runningMs: options.runningMs }),
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
    ...(options.stuckMs === undefined ? {} : { stuckMs: options.stuckMs }),
  });
  const routes = apiRoutes(source, { latest, nowMs, renderings, waiting, readers }, extra);
  const counts = new HttpCounts();
  const server = createLocalHttp(routes, {
    log,
    maxConnections,
    counts,
    // Longer than the longest wait: what is left is a client that does not take in its answer.
    inactivityTimeoutMs: (MAX_WAIT_SECONDS + 30) * 1_000,
    ...(options.headersTimeoutMs === undefined ? {} : { headersTimeoutMs: options.headersTimeoutMs }),
    ...(options.requestTimeoutMs === undefined ? {} : { requestTimeoutMs: options.requestTimeoutMs }),
    ...(options.keepAliveTimeoutMs === undefined ? {} : { keepAliveTimeoutMs: options.keepAliveTimeoutMs }),
  });
  const unsubscribe = holding.onToken(() => {
    waiting.look();
    readers.look();
  });
  return {
    server,
    routes,
    counts: () => ({
      connections: counts.connections,
      eventReaders: readers.size,
      waitingReaders: waiting.size,
      requests: counts.requests(),
      eventsSent: readers.counts.sent,
      eventsSkipped: readers.counts.skipped,
    }),
    close: async () => {
      unsubscribe();
      waiting.stop();
      readers.stop();
      const closed = once(server, 'close');
      server.close();
      // The last answers are written in between.
      await turn();
      server.closeAllConnections();
      await closed;
    },
  };
}
