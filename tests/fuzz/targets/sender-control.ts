/** The sender's control.sock: raw bytes to the real routes, with a login that is made up. */
import { createLocalHttp } from '@token-relay/daemon';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { controlRoutes, type ControlledSender } from '../../../apps/sender/src/control/control-routes.ts';
import type { LoginView } from '../../../apps/sender/src/login/login-service.ts';
import { judgeRedirect } from '../../../apps/sender/src/login/redirect-url.ts';
import { madeUpReport } from '../../../apps/sender/tests/made-up-web-source.ts';
import { SECRET, watchedLog } from '../secrets.ts';
import type { FuzzTarget } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { httpRequests, httpWords } from './http-arbitraries.ts';
import { checkHttp } from './http-target.ts';

const pasted = (url: string) => JSON.stringify({ url });
const SURFACE = {
  paths: ['/v1/status', '/v1/refresh', '/v1/login', '/v1/login/paste', '/v1/login/paste', '/v1/login/cancel'],
  bodies: [
    '{}', '{"timeout_ms":1}', '{"timeout_ms":1e999,"listen":false}', '{"listen":"yes"}', '{"id":"x"}', '[]', 'null', '"x"', '{', '\xff', '{"__proto__":{"url":"x"}}', '['.repeat(2_000),
    pasted('https://127.0.0.1:8182/?code=C%40&state=S'), pasted(`https://127.0.0.1:8182/?code=${SECRET}`), pasted('x'.repeat(7_000)), pasted('x'.repeat(9_000)), pasted('\u0000\ud800'),
  ], // prettier-ignore
  host: 'localhost',
};

/** Of LoginService what the routes use. */
function madeUpSender(): ControlledSender {
  let view: LoginView = { kind: 'idle' };
  const login = {
    state: () => view,
    start: () => {
      view = {
        kind: 'waiting',
        id: 'made-up',
        authorizeUrl: 'https://schwab.example/',
        expiresAtMs: 1_772_463_600_000,
      };
      return Promise.resolve(view);
    },
    paste: (text: string) => {
      const verdict = judgeRedirect(text, { callbackUrl: 'https://127.0.0.1:8182', state: 'S' });
      return verdict.kind === 'code' ? { kind: 'taken' } : verdict;
    },
    cancel: () => {
      view = { kind: 'idle' };
    },
  };
  return {
    status: () => madeUpReport(1_772_463_600_000),
    refresh: () => Promise.resolve({ kind: 'refreshed', message: 'made up' }),
    login: login as unknown as ControlledSender['login'],
  };
}

export const senderControl: FuzzTarget = {
  name: 'sender-control',
  feeds: "the sender's `control.sock`: raw HTTP with JSON bodies",
  inputs: httpRequests(SURFACE),
  dictionary: [...httpWords(SURFACE), ...SURFACE.bodies.filter((body) => body.length < 100)],
  runs: { long: 20_000, short: 300 },
  maxBytes: 30_000,
  isGuided: false,
  open: async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'control.sock');
    const log = watchedLog();
    const server = createLocalHttp(controlRoutes(madeUpSender()), { log: log.log });
    const connections = promisify((callback: (error: Error | null, count: number) => void) =>
      server.getConnections(callback),
    );
    server.listen({ path });
    await once(server, 'listening');
    return {
      async check(input) {
        await checkHttp({ connections, to: { path }, log }, input);
      },
      async close() {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
        folder.remove();
      },
    };
  },
};
