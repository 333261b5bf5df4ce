import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A request as a route sees it. What costs something is made when it is asked for. */
export class LocalRequest {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  /** Without the query. */
  readonly path: string;
  readonly #query: string;
  #url: URL | undefined;
  #signal: AbortSignal | undefined;
  #json: unknown;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
    const target = originForm(request.url ?? '/');
    const query = target.indexOf('?');
    this.path = query === -1 ? target : target.slice(0, query);
    this.#query = query === -1 ? '' : target.slice(query + 1);
  }

  /** The value of a query parameter, the first if there are several; empty if it has none. */
  queryValue(name: string): string | undefined {
    if (this.#query === '') return undefined;
    return new URLSearchParams(this.#query).get(name) ?? undefined;
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  /** The path and query under `http://localhost`. */
  get url(): URL {
    this.#url ??= new URL(`http://localhost${originForm(this.#request.url ?? '/')}`);
    return this.#url;
  }

  /** The body, where the route takes JSON; undefined where there was none. */
  get json(): unknown {
    return this.#json;
  }

  /** For the server: false if the body is neither empty nor JSON in UTF-8. */
  takeBody(body: Buffer | undefined): boolean {
    if (body === undefined || body.length === 0) return true;
    try {
      this.#json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
      return true;
    } catch {
      return false;
    }
  }

  /** Aborted when the connection closes before the answer, and at the end of the answer. */
  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      if (this.#response.destroyed) controller.abort();
      else this.#response.once('close', () => controller.abort());
      this.#signal = controller.signal;
    }
    return this.#signal;
  }
}

/** A client may name the whole URL (RFC 9112, 3.2.2); the host is of no meaning here. */
function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  return /^http:\/\/[^/?]*(\/.*)$/i.exec(target)?.[1] ?? '/';
}
