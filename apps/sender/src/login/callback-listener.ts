/**
 * Catches the redirect: an HTTPS server on the callback's host and port, of this machine only, for as long as a login
 * waits. The browser is sent on from the address with the code to one without it, where it is told what came of it.
 */
import { giveWay, onlyHost } from '@token-relay/daemon';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Certificate } from './callback-certificate.ts';
import { callbackAddress, listenProblem } from './callback-url.ts';
import { LANDING_CSP, landingPage, type LandingView } from './landing-page.ts';

const MAX_CONNECTIONS = 256;
const MAX_HEADER_BYTES = 16 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
/** Pages that a browser may still ask for. */
const MAX_PAGES = 32;
/** After the end of the login, how long the browser may take to ask for the page that it was sent to. */
const LAST_PAGE_MS = 5_000;

export interface CallbackListener {
  /** `https://127.0.0.1:8182` */
  readonly origin: string;
  /** Ends once the last page has been fetched, within 5 seconds. */
  close(): Promise<void>;
}

export interface CallbackOptions {
  readonly callback: URL;
  readonly certificate: Certificate;
  /** Takes the redirect's whole address; resolves when it is known what came of it. Never rejects. */
  readonly onRedirect: (address: string) => Promise<LandingView>;
}

interface Page {
  readonly view: Promise<LandingView>;
  readonly fetched: PromiseWithResolvers<undefined>;
}

/** @throws LoginError `callback_not_loopback`, `callback_port_taken`, `callback_port_not_permitted`, `callback_not_available` */
export async function listenForRedirect({
  callback,
  certificate,
  onRedirect,
}: CallbackOptions): Promise<CallbackListener> {
  const address = callbackAddress(callback);
  const pages = new Map<string, Page>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = request.url ?? '/';
    // A page that has a name of its own for this machine is not the browser that Schwab sent here (DNS rebinding).
    const isOurs = onlyHost(request)?.toLowerCase() === callback.host && target.startsWith('/');
    const page = pages.get(/^\/done\/([\w-]+)$/.exec(target)?.[1] ?? '');
    if (!isOurs) show(response, { kind: 'not_found' });
    else if (request.method !== 'GET') refuseMethod(response);
    else if (page !== undefined) {
      response.once('close', () => page.fetched.resolve(undefined));
      show(response, await page.view);
    } else if (isRedirect(`${callback.origin}${target}`, callback)) {
      sendOn(response, `/done/${addPage(pages, () => onRedirect(`${callback.origin}${target}`))}`);
    } else show(response, { kind: 'not_found' });
  };

  const server = createServer(
    {
      key: certificate.key,
      cert: certificate.cert,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: HEADERS_TIMEOUT_MS,
      handshakeTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      request.resume();
      void answer(request, response);
    },
  );
  giveWay(server, MAX_CONNECTIONS);
  // A browser that does not know the certificate ends the handshake, and comes back when its user has accepted it.
  server.on('tlsClientError', () => undefined);
  await listen(server, address);
  return { origin: callback.origin, close: () => close(server, pages) };
}

function isRedirect(address: string, callback: URL): boolean {
  if (!URL.canParse(address)) return false;
  const { pathname, searchParams } = new URL(address);
  const isPath = pathname.replace(/\/$/, '') === callback.pathname.replace(/\/$/, '');
  return isPath && ['code', 'error', 'state'].some((name) => searchParams.has(name));
}

/** The page is there before the redirect is looked at, because that may end the login, and with it this server. */
function addPage(pages: Map<string, Page>, takeRedirect: () => Promise<LandingView>): string {
  const id = randomBytes(12).toString('base64url');
  const view = Promise.withResolvers<LandingView>();
  pages.set(id, { view: view.promise, fetched: Promise.withResolvers() });
  const [oldest] = pages.keys();
  if (pages.size > MAX_PAGES && oldest !== undefined) pages.delete(oldest);
  view.resolve(takeRedirect());
  return id;
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': LANDING_CSP,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Resource-Policy': 'same-origin',
  Connection: 'close',
} as const;

function show(response: ServerResponse, view: LandingView): void {
  const { status, html } = landingPage(view);
  response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' });
  response.end(html);
}

function refuseMethod(response: ServerResponse): void {
  response.writeHead(405, { ...HEADERS, Allow: 'GET' });
  response.end();
}

/** 303, so that the address with the code is in neither the address bar nor the history. */
function sendOn(response: ServerResponse, path: string): void {
  response.writeHead(303, { ...HEADERS, Location: path });
  response.end();
}

function listen(server: Server, address: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(listenProblem(error.code, address));
    server.once('error', fail);
    server.listen({ ...address, exclusive: true }, () => {
      server.off('error', fail);
      resolve();
    });
  });
}

async function close(server: Server, pages: Map<string, Page>): Promise<void> {
  const last = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => last.resolve(undefined), LAST_PAGE_MS);
  const fetched = Promise.all([...pages.values()].map((page) => page.fetched.promise));
  await Promise.race([fetched, last.promise]);
  clearTimeout(timer);
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
