/** The sender's local web page: raw bytes to the real server on 127.0.0.1. */
import { get } from 'node:http';
import { openWebServer } from '../../../apps/sender/src/web/server.ts';
import { MadeUpSource, madeUpStates } from '../../../apps/sender/tests/made-up-web-source.ts';
import { SECRET, watchedLog } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { httpRequests, httpWords } from './http-arbitraries.ts';
import { checkHttp } from './http-target.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 15);
/** Both stand in the inputs for what only the running server knows, and are as long. */
const PORT_PLACE = '65432';
const CSRF_PLACE = 'csrf-csrf-csrf-csrf-csrf-csrf-cs';

const SURFACE = {
  paths: [
    '/',
    '/',
    '/events',
    '/login',
    '/login/paste',
    '/login/paste',
    '/login/cancel',
    '/style.css',
    '/script.js',
    '/favicon.svg',
  ],
  bodies: [
    `csrf=${CSRF_PLACE}`, `csrf=${CSRF_PLACE}&url=https%3A%2F%2F127.0.0.1%3A8182%2F%3Fcode%3D${SECRET}`, `csrf=${CSRF_PLACE}&url=%ff%00&url=2`, 'csrf=wrong', `csrf=${CSRF_PLACE.slice(1)}é`, '&&&=', '%', `csrf=${CSRF_PLACE}&x=${'y'.repeat(9_000)}`,
  ], // prettier-ignore
  host: `127.0.0.1:${PORT_PLACE}`,
};

/** The ends of TCP connections in this thread, the clients' included. */
const connections = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

export const webPage: FuzzTarget = {
  name: 'web-page',
  feeds: "the sender's web page: raw HTTP with form bodies",
  inputs: httpRequests(SURFACE),
  dictionary: [...httpWords(SURFACE), CSRF_PLACE, 'csrf=', '&url='],
  runs: { long: 15_000, short: 250 },
  maxBytes: 30_000,
  isGuided: false,
  open: async () => {
    const log = watchedLog();
    const state = madeUpStates(NOW_MS)['login waiting'];
    demand(state !== undefined, 'crash', 'the made-up source has no such state');
    const source = new MadeUpSource(state);
    const server = await openWebServer({ port: 0, source, log: log.log });
    const { port } = new URL(server.url);
    const csrf = /name="csrf" value="([^"]+)"/.exec(await pageAt(server.url))?.[1];
    demand(
      csrf?.length === CSRF_PLACE.length && port.length === PORT_PLACE.length,
      'crash',
      'the page or its port is not what is expected',
    );
    return {
      async check(input) {
        const text = Buffer.from(input).toString('latin1').replaceAll(CSRF_PLACE, csrf).replaceAll(PORT_PLACE, port);
        const to = { host: '127.0.0.1', port: Number(port) };
        const answers = await checkHttp({ connections, to, log }, Buffer.from(text, 'latin1'));
        demand(
          source.asked.length === 0 || text.includes(csrf),
          'schema',
          'something was done without the token of the form',
        );
        source.asked.length = 0;
        source.state = state;
        for (const { status, headers, body } of answers) {
          demand(
            status >= 400 || status === 303 || !body.startsWith('<') || headers.has('content-security-policy'),
            'schema',
            'a page has no Content-Security-Policy',
          );
        }
      },
      close: () => server.close(),
    };
  },
};

function pageAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Without an agent the connection is closed after the answer: it would be counted among the server's.
    get(url, { agent: false }, (response) => {
      response.toArray().then((chunks: Buffer[]) => resolve(Buffer.concat(chunks).toString()), reject);
    }).once('error', reject);
  });
}
