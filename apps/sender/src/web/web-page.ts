/** Answers the browser: the page, what it is made of, its changes, and its buttons. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { onlyHost, type Log } from '@token-relay/daemon';
import { LoginError } from '../login/login-error.ts';
import { FAVICON } from './favicon.ts';
import { readForm } from './form-body.ts';
import { LiveReaders } from './live-readers.ts';
import { pageTitle, renderMain, renderPage, type PageView } from './page.ts';
import type { PageAnswers } from './page-answers.ts';
import { guard } from './request-guard.ts';
import { SCRIPT } from './script-js.ts';
import { STYLE } from './style-css.ts';
import type { WebSource } from './web-source.ts';

/** Resolves to why it was not done, if it was not. */
type Action = (fields: URLSearchParams) => string | undefined | Promise<string | undefined>;

export interface WebPageOptions {
  readonly source: WebSource;
  readonly log: Log;
  readonly answers: PageAnswers;
  readonly csrfToken: string;
}

export class WebPage {
  readonly #source: WebSource;
  readonly #log: Log;
  readonly #answers: PageAnswers;
  readonly #csrfToken: string;
  readonly #readers: LiveReaders;
  readonly #stopListening: () => void;
  readonly #files: ReadonlyMap<string, readonly [type: string, text: string]> = new Map([
    ['/style.css', ['text/css; charset=utf-8', STYLE]],
    ['/script.js', ['text/javascript; charset=utf-8', SCRIPT]],
    ['/favicon.svg', ['image/svg+xml', FAVICON]],
  ]);
  readonly #actions: ReadonlyMap<string, Action>;
  #problem: { readonly text: string; readonly loginKind: string } | undefined;

  constructor({ source, log, answers, csrfToken }: WebPageOptions) {
    this.#source = source;
    this.#log = log;
    this.#answers = answers;
    this.#csrfToken = csrfToken;
    this.#readers = new LiveReaders(() => {
      const view = this.#view();
      return JSON.stringify({ title: pageTitle(view), nowMs: view.nowMs, main: renderMain(view) });
    });
    this.#stopListening = source.onChange(() => this.#readers.changed());
    this.#actions = new Map<string, Action>([
      ['/login', () => startLogin(source.login)],
      ['/login/paste', (fields) => pasteInto(source.login, fields.get('url') ?? '')],
      [
        '/login/cancel',
        () => {
          source.login.cancel();
          return undefined;
        },
      ],
    ]);
  }

  /** @param port that the server listens on */
  answer(request: IncomingMessage, response: ServerResponse, port: number): void {
    const path = (request.url ?? '/').replace(/[?#].*$/s, '');
    this.#answer(path, request, response, port).catch((error: unknown) => {
      this.#log.error(`Web page: ${path} failed: ${error instanceof Error ? error.message : String(error)}`);
      this.#answers.refuse(response, 500, 'That did not work; the log of the sender says why.');
    });
  }

  close(): void {
    this.#stopListening();
    this.#readers.close();
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
    const { method, headers } = request;
    const verdict = guard(
      {
        method,
        host: onlyHost(request),
        origin: headers.origin,
        fetchSite: text(headers['sec-fetch-site']),
        fetchMode: text(headers['sec-fetch-mode']),
      },
      port,
    );
    if (verdict.kind === 'refused') {
      this.#log.debug(`Web page: a request was refused with ${verdict.status}`);
      this.#answers.refuse(response, verdict.status, verdict.reason);
    } else if (method === 'POST') {
      await this.#change(path, request, response);
    } else {
      this.#show(path, method, response);
    }
  }

  #show(path: string, method: string | undefined, response: ServerResponse): void {
    const file = this.#files.get(path);
    if (method !== 'GET' && method !== 'HEAD')
      this.#answers.refuse(response, 405, 'The page can only be read, and its forms sent.');
    else if (file !== undefined) this.#answers.send(response, 200, ...file);
    else if (path === '/') this.#answers.send(response, 200, 'text/html; charset=utf-8', renderPage(this.#view()));
    else if (path === '/events' && method === 'GET') this.#follow(response);
    else this.#answers.refuse(response, 404, 'There is nothing here.');
  }

  #follow(response: ServerResponse): void {
    if (!this.#readers.hasRoom()) {
      this.#answers.refuse(response, 503, 'The page is open too often; close one.');
      return;
    }
    this.#answers.beginEvents(response);
    this.#readers.add(response);
  }

  async #change(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const action = this.#actions.get(path);
    if (action === undefined) {
      this.#answers.refuse(response, 404, 'There is nothing here.');
      return;
    }
    const body = await readForm(request);
    if (body === undefined) return;
    if (body.kind === 'refused') {
      this.#answers.refuse(response, body.status, body.reason);
      return;
    }
    if (!this.#isOurForm(body.fields.get('csrf') ?? '')) {
      this.#answers.refuse(
        response,
        403,
        'The sender was restarted since this form was shown. Go back to the page, and try again.',
      );
      return;
    }
    this.#problem = undefined;
    const problem = await action(body.fields);
    if (problem !== undefined) this.#problem = { text: problem, loginKind: this.#source.login.state().kind };
    this.#readers.changed();
    this.#answers.sendBack(response);
  }

  #isOurForm(csrfToken: string): boolean {
    const given = Buffer.from(csrfToken);
    const ours = Buffer.from(this.#csrfToken);
    return given.length === ours.length && timingSafeEqual(given, ours);
  }

  #view(): PageView {
    const source = this.#source;
    const login = source.login.state();
    // What was said about one step of a login is of no use in the next.
    if (this.#problem?.loginKind !== login.kind) this.#problem = undefined;
    return {
      report: source.status(),
      timeline: source.timeline(),
      login,
      csrfToken: this.#csrfToken,
      problem: this.#problem?.text,
      nowMs: source.nowMs(),
    };
  }
}

async function startLogin(login: WebSource['login']): Promise<string | undefined> {
  try {
    await login.start();
    return undefined;
  } catch (error) {
    if (error instanceof LoginError) return error.message;
    throw error;
  }
}

function pasteInto(login: WebSource['login'], address: string): string | undefined {
  const verdict = login.paste(address);
  return verdict.kind === 'taken' ? undefined : verdict.message;
}

function text(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
