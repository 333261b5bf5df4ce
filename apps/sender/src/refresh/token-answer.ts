/**
 * What an answer of the token endpoint means. Pure: the answer comes in whole, the verdict goes out.
 * Source of every row: SCHWAB.md, "Errors, as they come over the wire", and RFC 6749 §5.
 */
import { parseTokenResponse, type RefreshedTokens } from '@token-relay/tokens';
import * as z from 'zod/mini';

/** `Retry-After` is honoured up to this. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter?: string | undefined;
  readonly body: string;
}

/**
 * - `granted`: new tokens.
 * - `passing`: a fault of the network or of Schwab that clears by itself; retried with backoff.
 * - `refused`: Schwab said that the refresh token is dead. One refusal is not proof.
 * - `wrong_credentials`: Schwab does not know the app key, or the secret is wrong.
 *
 * `reason` is for people and never holds a token: no part of a body is quoted but OAuth's `error` code.
 */
export type RefreshOutcome =
  | { readonly kind: 'granted'; readonly tokens: RefreshedTokens }
  | { readonly kind: 'passing'; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'wrong_credentials'; readonly reason: string };

const errorSchema = z.object({
  error: z.string(),
  error_description: z.optional(z.nullable(z.string())),
});

export function judgeRefreshAnswer(answer: HttpAnswer, nowMs: number): RefreshOutcome {
  const body = parseJson(answer.body);
  if (answer.status === 200) return judgeSuccess(body);
  if (answer.status === 400 || answer.status === 401) {
    const error = z.safeParse(errorSchema, body);
    if (error.success) return judgeOAuthError(answer.status, error.data.error, error.data.error_description ?? '');
  }
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
  const reason = `Schwab answered HTTP ${answer.status}${describeStatus(answer.status)}`;
  return retryAfterMs === undefined ? { kind: 'passing', reason } : { kind: 'passing', reason, retryAfterMs };
}

function judgeSuccess(body: unknown): RefreshOutcome {
  const response = parseTokenResponse(body);
  return response.ok
    ? { kind: 'granted', tokens: response.tokens }
    : { kind: 'passing', reason: `Schwab answered HTTP 200, but ${response.detail}` };
}

function judgeOAuthError(status: number, error: string, description: string): RefreshOutcome {
  const code = printableCode(error);
  const text = `${error} ${description}`.toLowerCase();
  const aboutRefreshToken = /refresh[ _]token/.test(text);
  // The description decides: `unsupported_token_type` covers a dead refresh token and an expired code alike.
  if (error === 'invalid_grant' || (aboutRefreshToken && /invalid|expired|revoked|authenticat/.test(text))) {
    return { kind: 'refused', reason: `Schwab refused the refresh token (HTTP ${status}, ${code})` };
  }
  if (error === 'invalid_client' || error === 'unauthorized_client') {
    return {
      kind: 'wrong_credentials',
      reason: `Schwab does not accept the app key and secret (HTTP ${status}, ${code})`,
    };
  }
  return { kind: 'passing', reason: `Schwab answered HTTP ${status} with the OAuth error ${code}` };
}

/** An OAuth error code is a short word (RFC 6749 §5.2); whatever else stands there is not repeated in the log. */
function printableCode(error: string): string {
  return /^[a-z_]{1,40}$/.test(error) ? error : 'unknown';
}

/** RFC 9110 §10.2.3: seconds or an HTTP date. Unreadable or past: no wait beyond the backoff's own. */
function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined || value === '') return undefined;
  const waitMs = /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - nowMs;
  return Number.isFinite(waitMs) && waitMs > 0 ? Math.min(waitMs, MAX_RETRY_AFTER_MS) : undefined;
}

function describeStatus(status: number): string {
  if (status === 403) return ' (blocked at the edge; this clears by itself)';
  if (status === 429) return ' (too many requests)';
  if (status >= 500) return ' (a fault on its side)';
  if (status === 400 || status === 401) return ' with a body that is not OAuth';
  return '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
