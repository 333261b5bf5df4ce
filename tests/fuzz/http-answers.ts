/** Reads what an HTTP/1.1 server has sent on one connection, by the letter of RFC 9112. */
import { demand } from './target.ts';

export interface ReadAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Whether the connection ended before the answer did. */
  readonly isCut: boolean;
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * Every answer in order. Throws a finding for bytes that are none.
 * @param text all that came, as latin1
 * @param isHead whether the answer with this number is one to HEAD
 */
export function readAnswers(text: string, isHead: (index: number) => boolean): ReadAnswer[] {
  const answers: ReadAnswer[] = [];
  let rest = text;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    demand(end !== -1, 'schema', `what came is not a whole head: ${JSON.stringify(rest.slice(0, 200))}`);
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(STATUS_LINE.exec(first)?.[1]);
    demand(!Number.isNaN(status), 'schema', `this is no status line: ${JSON.stringify(first)}`);
    const headers = readFields(lines);
    rest = rest.slice(end + 4);
    if (status === 100) continue;
    const body = readBody(rest, status, headers, isHead(answers.length));
    rest = rest.slice(body.length);
    answers.push({ status, headers, body: body.text, isCut: body.isCut });
  }
  return answers;
}

function readFields(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    demand(name !== undefined && value !== undefined, 'schema', `this is no header field: ${JSON.stringify(line)}`);
    const lower = name.toLowerCase();
    demand(!headers.has(lower), 'schema', `the field ${name} is sent twice`);
    headers.set(lower, value);
  }
  const isChunked = headers.get('transfer-encoding') === 'chunked';
  demand(!(isChunked && headers.has('content-length')), 'schema', 'an answer has both a length and chunks');
  return headers;
}

interface Body {
  readonly text: string;
  /** What it takes up of what came. */
  readonly length: number;
  readonly isCut: boolean;
}

function readBody(rest: string, status: number, headers: ReadonlyMap<string, string>, isHead: boolean): Body {
  if (status === 204 || status === 304) return { text: '', length: 0, isCut: false };
  if (isHead) {
    // A server that could not read the request does not know that it was one of these.
    const isUnread = status >= 400 && headers.get('connection') === 'close';
    return { text: '', length: isUnread ? rest.length : 0, isCut: false };
  }
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(rest);
  const length = headers.get('content-length');
  if (length === undefined) return { text: rest, length: rest.length, isCut: false };
  demand(/^\d+$/.test(length), 'schema', `Content-Length is ${length}`);
  const text = rest.slice(0, Number(length));
  return { text, length: text.length, isCut: text.length < Number(length) };
}

function readChunks(rest: string): Body {
  let at = 0;
  let text = '';
  for (;;) {
    const [head, size = ''] = /^([0-9a-f]+)\r\n/i.exec(rest.slice(at, at + 20)) ?? [];
    if (head === undefined) {
      demand(rest.length - at < 20, 'schema', 'a chunk has no size');
      return { text, length: rest.length, isCut: true };
    }
    const bytes = Number.parseInt(size, 16);
    const chunk = rest.slice(at + head.length, at + head.length + bytes);
    text += chunk;
    at += head.length + bytes + 2;
    if (at > rest.length) return { text, length: rest.length, isCut: true };
    if (bytes === 0) return { text, length: at, isCut: false };
  }
}
