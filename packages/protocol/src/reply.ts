/**
 * A receiver's answer. `code` is one of RejectionCode from our receiver and anything from others, `unspecified` if they give
 * none. `unknown`: neither `OK` nor `ERROR`; its text is not kept, as a peer may echo what it was sent.
 */
export type Reply = { kind: 'ok' } | { kind: 'error'; code: string } | { kind: 'unknown' };

// The code is bounded and of plain characters because it ends up in logs. Some receivers write `ERROR: code`.
const ERROR_REPLY = /^ERROR(?![A-Za-z0-9_])[:\s]*([A-Za-z0-9_-]{1,64})?/;

/** The exact bytes of a reply, with no newline: one sender in the field compares `OK` unstripped. */
export function formatReply(reply: Exclude<Reply, { kind: 'unknown' }>): string {
  return reply.kind === 'ok' ? 'OK' : `ERROR ${reply.code}`;
}

/** Reads a whole reply. White space around it is ignored. */
export function parseReply(text: string): Reply {
  const trimmed = text.trim();
  if (trimmed === 'OK') return { kind: 'ok' };
  const error = ERROR_REPLY.exec(trimmed);
  return error === null ? { kind: 'unknown' } : { kind: 'error', code: error[1] ?? 'unspecified' };
}
