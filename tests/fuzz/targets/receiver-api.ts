/** The receiver's api.sock: raw bytes to the real routes. */
import type { HeldToken } from '@token-relay/socket';
import { once } from 'node:events';
import { join } from 'node:path';
import { createApi } from '../../../apps/receiver/src/api/api.ts';
import type { TokenHolding } from '../../../apps/receiver/src/holding/held.ts';
import type { ReceiverStatus } from '../../../apps/receiver/src/status/receiver-status.ts';
import { watchedLog } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { httpRequests, httpWords } from './http-arbitraries.ts';
import { checkHttp } from './http-target.ts';

const SURFACE = {
  paths: [
    '/v1/token',
    '/v1/token',
    '/v1/token/raw',
    '/v1/token/events',
    '/v1/history',
    '/v1/status',
    '/healthz',
    '/readyz',
    '/openapi.json',
    '/metrics',
    '/',
    '/v1/token?wait=1',
  ],
  bodies: ['{}', 'x', '{"a":1}'],
  host: 'localhost',
};
const TOKEN = 'held-token-of-the-receiver@';

/** Holds a token, and a new one whenever it is told to. */
class RenewedHolding implements TokenHolding {
  readonly #listeners = new Set<(held: HeldToken) => void>();
  #generation = 1;

  latest(): HeldToken {
    const expiresAtMs = Date.now() + 1_800_000;
    return {
      message: { accessToken: TOKEN, expiresAtMs },
      generation: this.#generation,
      receivedAtMs: Date.now(),
      from: 'unix',
    };
  }

  freshness(): { readonly kind: 'fresh' } {
    return { kind: 'fresh' };
  }

  history(): [] {
    return [];
  }

  onToken(listener: (held: HeldToken) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onFreshness(): () => void {
    return () => undefined;
  }

  renew(): void {
    this.#generation += 1;
    for (const listener of this.#listeners) listener(this.latest());
  }
}

const STATUS: ReceiverStatus = {
  version: 'fuzz',
  pid: 1,
  started_at: '2026-03-02T10:00:00.000Z',
  state: 'holding',
  listening: [],
  generation: 1,
  rejected: {},
  readers: { connections: 0, events: 0, waiting: 0 },
  sinks: [],
  state_saved: true,
};

export const receiverApi: FuzzTarget = {
  name: 'receiver-api',
  feeds: "the receiver's `api.sock`: raw HTTP",
  inputs: httpRequests(SURFACE),
  dictionary: httpWords(SURFACE),
  runs: { long: 20_000, short: 300 },
  maxBytes: 30_000,
  isGuided: false,
  open: async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'api.sock');
    const log = watchedLog();
    const holding = new RenewedHolding();
    const api = createApi({ holding, status: () => STATUS, nowMs: Date.now }, { log: log.log });
    api.server.listen({ path });
    await once(api.server, 'listening');
    return {
      async check(input) {
        const answers = await checkHttp(
          { connections: () => api.counts().connections, to: { path }, log, onSent: () => holding.renew() },
          input,
        );
        const { connections, eventReaders, waitingReaders } = api.counts();
        demand(
          connections + eventReaders + waitingReaders === 0,
          'leak',
          `${connections} connections, ${eventReaders} readers, ${waitingReaders} who wait are left`,
        );
        // Web pages send Origin: none of them is handed the token.
        const isAllFromPages = Buffer.from(input)
          .toString('latin1')
          .split('\r\n\r\n')
          .every((part) => part === '' || /^origin:/im.test(part));
        demand(
          !isAllFromPages || answers.every(({ body }) => !body.includes(TOKEN)),
          'secret',
          'a web page was handed the token',
        );
      },
      async close() {
        await api.close();
        folder.remove();
      },
    };
  },
};
