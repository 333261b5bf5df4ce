import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What a route says. */
export interface Answer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, text as `text/plain`, unless `headers` names a `Content-Type`. */
  body?: string | object;
}

/**
 * An error as RFC 9457 has it, `application/problem+json`. Programs go by `code`, people by `title`; `detail` says what
 * is special about this case.
 */
export function problem(status: number, code: string, title: string, detail?: string): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
    body: { type: 'about:blank', title, status, code, ...(detail === undefined ? {} : { detail }) },
  };
}

/** An answer without end: the route goes on writing. To HEAD, only the head is sent. */
export interface StreamAnswer {
  status: 200;
  headers: Readonly<Record<string, string>>;
  /** Called when the head has been written; not if the client went away before that. */
  stream: (to: StreamTarget) => void;
}

export interface StreamTarget {
  /**
   * The route owns it now, and ends it when the daemon stops: closing the server does not. What still comes in is dropped; it is
   * destroyed when the client ends or goes away, and emits `close` then. It needs no listener for errors.
   */
  socket: Socket;
  /** What is written must be framed as chunks (RFC 9112, 7.1), the last of them empty; else it ends where the connection does. */
  chunked: boolean;
}

/** Renders an answer once, for a route that gives the same one many times. */
export class PreparedAnswer implements RenderedAnswer {
  readonly status: number;
  readonly headers: string[];
  readonly text: string;
  readonly encoding: 'latin1' | 'utf8';

  constructor(answer: Answer) {
    const { headers, text, encoding } = renderAnswer(answer);
    this.status = answer.status;
    this.headers = headers;
    this.text = text;
    this.encoding = encoding;
  }
}

export interface RenderedAnswer {
  /** Alternating names and values. Never changed, though node:http wants it mutable. */
  readonly headers: string[];
  /** The body. */
  readonly text: string;
  /** Latin-1 where all of it is ASCII, whose bytes are the same: what node:http then writes costs a tenth less in all. */
  readonly encoding: 'latin1' | 'utf8';
}

export type RouteAnswer = Answer | PreparedAnswer | StreamAnswer;

export function renderAnswer(answer: Answer): RenderedAnswer {
  const { body } = answer;
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const { headers, hasType } = renderHeaders(answer.headers ?? {});
  if (body !== undefined && !hasType) {
    headers.push('Content-Type', typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json');
  }
  const bytes = Buffer.byteLength(text);
  // RFC 9110, 8.6: no length with 204; with 304 it would be that of the answer that is not sent.
  if (answer.status !== 204 && answer.status !== 304) headers.push('Content-Length', String(bytes));
  return { headers, text, encoding: bytes === text.length ? 'latin1' : 'utf8' };
}

/** The fields that every answer has, and those given. */
export function renderHeaders(given: Readonly<Record<string, string>>): { headers: string[]; hasType: boolean } {
  const headers = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
  let hasType = false;
  for (const name in given) {
    hasType ||= name.toLowerCase() === 'content-type';
    headers.push(name, given[name] ?? '');
  }
  return { headers, hasType };
}

/** The head of an answer that node:http does not write; the connection ends with it. */
export function lastHead(status: number, headers: readonly string[]): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nDate: ${new Date().toUTCString()}\r\nConnection: close\r\n`;
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
  }
  return `${head}\r\n`;
}
