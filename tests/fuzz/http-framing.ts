/** How many requests some bytes are, by a reader that is stricter than any server: for finding out what was smuggled. */

export interface Framing {
  /** The methods of the requests that every server reads alike, in order. */
  readonly methods: readonly string[];
  /** What follows them: nothing, the beginning of one, or what one server reads so and another otherwise. */
  readonly rest: 'nothing' | 'unclear';
  /** The method of what follows. */
  readonly restMethod: string;
  /** Whether what follows says its length in two ways that differ (RFC 9112, 6.3): every server has to refuse it. */
  readonly isContradiction: boolean;
}

/** Of the version, too, what Node.js takes for one. */
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) +HTTP\/(0\.9|1\.[01]|2\.0)$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;

/** @param text the bytes as latin1 */
export function framingOf(text: string): Framing {
  const methods: string[] = [];
  let at = 0;
  for (;;) {
    // Empty lines before a request line are passed over (RFC 9112, 2.2).
    while (text[at] === '\r' || text[at] === '\n') at++;
    if (at >= text.length) return { methods, rest: 'nothing', restMethod: '', isContradiction: false };
    const end = text.indexOf('\r\n\r\n', at);
    const [line = '', ...fields] = text.slice(at, end === -1 ? undefined : end).split('\r\n');
    const restMethod = /^([^ \t]*)/.exec(text.slice(at))?.[1] ?? '';
    const read = end === -1 || !REQUEST_LINE.test(line) ? undefined : lengthOf(fields);
    if (read === undefined || read === 'contradiction') {
      return { methods, rest: 'unclear', restMethod, isContradiction: read === 'contradiction' };
    }
    const next = read === 'chunked' ? afterChunks(text, end + 4) : end + 4 + read;
    // A method that turns the connection into something else ends what can be said.
    if (next === undefined || next > text.length || restMethod === 'CONNECT') {
      return { methods, rest: 'unclear', restMethod, isContradiction: false };
    }
    methods.push(restMethod);
    at = next;
  }
}

/** The length of a body; undefined for fields that are not read alike everywhere. */
function lengthOf(fields: readonly string[]): number | 'chunked' | 'contradiction' | undefined {
  const lengths: string[] = [];
  const codings: string[] = [];
  for (const field of fields) {
    const [, name, value = ''] = FIELD.exec(field) ?? [];
    if (name === undefined) return undefined;
    if (name.toLowerCase() === 'content-length') lengths.push(value);
    if (name.toLowerCase() === 'transfer-encoding') codings.push(value);
  }
  if (codings.length > 0 && lengths.length > 0) return 'contradiction';
  if (new Set(lengths).size > 1) return 'contradiction';
  // The last of the codings says how long the body is (RFC 9112, 6.3).
  if (codings.length > 0) return /(^|,)[\t ]*chunked$/i.test(codings.join(',')) ? 'chunked' : undefined;
  if (lengths.length > 1) return undefined;
  const [length = '0'] = lengths;
  return /^\d{1,9}$/.test(length) ? Number(length) : undefined;
}

function afterChunks(text: string, from: number): number | undefined {
  let at = from;
  for (;;) {
    const [head, digits = ''] = /^([0-9A-Fa-f]{1,8})\r\n/.exec(text.slice(at, at + 10)) ?? [];
    if (head === undefined) return undefined;
    const size = Number.parseInt(digits, 16);
    at += head.length + size;
    if (text.slice(at, at + 2) !== '\r\n') return undefined;
    at += 2;
    if (size === 0) return at;
  }
}
