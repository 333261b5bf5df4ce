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

/** The header fields, alternating names and values, and the text of the body. */
export function renderAnswer(answer: Answer): { headers: string[]; text: string } {
  const { body, headers: given } = answer;
  const headers = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  let hasType = false;
  if (given !== undefined) {
    for (const name in given) {
      hasType ||= name.toLowerCase() === 'content-type';
      headers.push(name, given[name] ?? '');
    }
  }
  if (body !== undefined && !hasType) {
    headers.push('Content-Type', typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json');
  }
  // RFC 9110, 8.6: no length with 204; with 304 it would be that of the answer that is not sent.
  if (answer.status !== 204 && answer.status !== 304) headers.push('Content-Length', String(Buffer.byteLength(text)));
  return { headers, text };
}
