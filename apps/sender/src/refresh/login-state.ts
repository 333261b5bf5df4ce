/**
 * The state of the login, and what follows from each outcome (DESIGN.md, "What an answer means"). Pure.
 * Change the retry policy here.
 */
import { nextBackoff } from '@token-relay/protocol';
import type { Moment } from './moment.ts';
import type { RefreshOutcome } from './token-answer.ts';

/** A passing fault is retried after a full-jitter backoff between these. */
const PASSING_BACKOFF: { readonly baseMs: number; readonly capMs: number } = { baseMs: 1_000, capMs: 60_000 };
/** A refusal is confirmed twice: this long after the first, and after the second. So is a 401, which is said at once. */
const CONFIRM_AFTER_MS = { 1: 30_000, 2: 120_000 } as const;
/** With the login dead or the credentials wrong, Schwab is asked again this seldom. */
export const PARKED_RETRY_MS: number = 30 * 60_000;

/** Times are epoch milliseconds, but for `confirmAtBootMs`; `reason` is for people. */
export type LoginState =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'retrying'; readonly failures: number; readonly sinceMs: number; readonly reason: string }
  | {
      readonly kind: 'confirming';
      readonly refusals: 1 | 2;
      readonly failures: number;
      /** on the boot clock: a refusal that comes sooner, because somebody asked for a refresh, confirms nothing */
      readonly confirmAtBootMs: number;
      readonly sinceMs: number;
      readonly reason: string;
    }
  /** Another host of the cluster refreshes, and this one has no token that is valid. */
  | { readonly kind: 'waiting'; readonly sinceMs: number; readonly reason: string }
  | { readonly kind: 'login_required'; readonly sinceMs: number; readonly reason: string }
  | {
      readonly kind: 'misconfigured';
      /** how many answers have said so, at most 3; after one or two, which may be odd, Schwab is asked again soon */
      readonly answers: 1 | 2 | 3;
      readonly sinceMs: number;
      readonly reason: string;
    };

export interface StateStep {
  readonly state: LoginState;
  /** When to try again, epoch milliseconds; absent after a success: the schedule decides. */
  readonly retryAtMs?: number;
}

export const healthy: LoginState = { kind: 'healthy' };

export function afterOutcome(state: LoginState, outcome: RefreshOutcome, now: Moment, random: () => number): StateStep {
  const nowMs = now.wallMs;
  switch (outcome.kind) {
    case 'granted':
      return { state: healthy };
    case 'passing':
      return afterPassing(state, outcome.reason, outcome.retryAfterMs ?? 0, nowMs, random);
    case 'refused':
      return afterRefusal(state, outcome.reason, now);
    case 'wrong_credentials':
      return afterWrongCredentials(state, outcome.reason, nowMs);
  }
}

/** There is nothing to refresh with: no token file, a broken one, or one without a refresh token. */
export function withoutLogin(state: LoginState, reason: string, nowMs: number): StateStep {
  const same = state.kind === 'login_required' && state.reason === reason;
  return {
    state: same ? state : { kind: 'login_required', sinceMs: nowMs, reason },
    retryAtMs: nowMs + PARKED_RETRY_MS,
  };
}

/** As {@link withoutLogin}, where another host may well have a login: what to do is for the cluster to say. */
export function withoutToken(state: LoginState, reason: string, nowMs: number): StateStep {
  // It is said already, and no less true for the lead being another's now.
  if (state.kind === 'login_required') return { state };
  const isSame = state.kind === 'waiting' && state.reason === reason;
  return { state: isSame ? state : { kind: 'waiting', sinceMs: nowMs, reason } };
}

function afterPassing(
  state: LoginState,
  reason: string,
  retryAfterMs: number,
  nowMs: number,
  random: () => number,
): StateStep {
  switch (state.kind) {
    case 'login_required':
      return { state, retryAtMs: nowMs + PARKED_RETRY_MS };
    case 'misconfigured':
      return { state, retryAtMs: nowMs + misconfiguredRetryMs(state.answers) };
    case 'healthy':
    case 'waiting':
    case 'retrying':
    case 'confirming': {
      const isFirst = state.kind === 'healthy' || state.kind === 'waiting';
      const failures = isFirst ? 0 : state.failures;
      const [delayMs] = nextBackoff(failures, PASSING_BACKOFF, random);
      const sinceMs = isFirst ? nowMs : state.sinceMs;
      return {
        state:
          state.kind === 'confirming'
            ? { ...state, failures: failures + 1 }
            : { kind: 'retrying', failures: failures + 1, sinceMs, reason },
        retryAtMs: nowMs + Math.max(delayMs, retryAfterMs),
      };
    }
  }
}

function afterRefusal(state: LoginState, reason: string, now: Moment): StateStep {
  const nowMs = now.wallMs;
  switch (state.kind) {
    case 'healthy':
    case 'waiting':
    case 'retrying':
    case 'misconfigured':
      return confirming(1, nowMs, now, reason);
    case 'confirming':
      if (now.bootMs < state.confirmAtBootMs) {
        const retryAtMs = nowMs + state.confirmAtBootMs - now.bootMs;
        return { state: { ...state, failures: 0, reason }, retryAtMs };
      }
      return state.refusals === 1
        ? confirming(2, state.sinceMs, now, reason)
        : { state: { kind: 'login_required', sinceMs: nowMs, reason }, retryAtMs: nowMs + PARKED_RETRY_MS };
    case 'login_required':
      return { state, retryAtMs: nowMs + PARKED_RETRY_MS };
  }
}

/** Said at once. But one odd answer must not cost the token that is served, which lives for 5 minutes more when it is refreshed. */
function afterWrongCredentials(state: LoginState, reason: string, nowMs: number): StateStep {
  // No news in between: whoever logs in is told what is wrong with the credentials.
  if (state.kind === 'login_required') return { state, retryAtMs: nowMs + PARKED_RETRY_MS };
  if (state.kind !== 'misconfigured') {
    return {
      state: { kind: 'misconfigured', answers: 1, sinceMs: nowMs, reason },
      retryAtMs: nowMs + misconfiguredRetryMs(1),
    };
  }
  const answers = state.answers === 1 ? 2 : 3;
  return { state: { ...state, answers }, retryAtMs: nowMs + misconfiguredRetryMs(answers) };
}

function misconfiguredRetryMs(answers: 1 | 2 | 3): number {
  return answers === 3 ? PARKED_RETRY_MS : CONFIRM_AFTER_MS[answers];
}

function confirming(refusals: 1 | 2, sinceMs: number, { wallMs, bootMs }: Moment, reason: string): StateStep {
  const delayMs = CONFIRM_AFTER_MS[refusals];
  return {
    state: { kind: 'confirming', refusals, failures: 0, confirmAtBootMs: bootMs + delayMs, sinceMs, reason },
    retryAtMs: wallMs + delayMs,
  };
}
