import { problem, type Answer } from './answer.ts';

/** One way in which a request can fail: what the routes answer with, and what the OpenAPI document says of it. */
export interface ProblemKind {
  readonly status: number;
  /** What programs go by. */
  readonly code: string;
  readonly title: string;
  /** Sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** The connection is closed after it. */
  readonly closes?: boolean;
}

export function problemOf(kind: ProblemKind, detail?: string): Answer {
  const answer = problem(kind.status, kind.code, kind.title, detail);
  if (kind.retryAfterSeconds === undefined && kind.closes !== true) return answer;
  return {
    ...answer,
    headers: {
      ...answer.headers,
      ...(kind.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(kind.retryAfterSeconds) }),
      ...(kind.closes === true ? { Connection: 'close' } : {}),
    },
  };
}
