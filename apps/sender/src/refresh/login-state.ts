/**
 * The state of the login, and what follows from each outcome (DESIGN.md, "What an answer means"). Pure.
 * Change the retry policy here.
 */
import { nextBackoff } from '@token-relay/protocol';
import type { RefreshOutcome } from './token-answer.ts';

/** A passing fault is retried after a full-jitter backoff between these. */
export const PASSING_BACKOFF: { readonly baseMs: number; readonly capMs: number } = { baseMs: 1_000, capMs: 60_000 };
/** A verdict that needs a person is confirmed twice: this long after the first, and after the second. */
const CONFIRM_AFTER_MS = { 1: 30_000, 2: 120_000 } as const;
/** With the login dead or the credentials wrong, Schwab is asked again this seldom. */
export const PARKED_RETRY_MS: number = 30 * 60_000;

/** Times are epoch milliseconds; `reason` is for people. */
export type LoginState =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'retrying'; readonly failures: number; readonly sinceMs: number; readonly reason: string }
  | {
      readonly kind: 'confirming';
      /** what was said last: that the refresh token is dead, or that the app is not known */
      readonly verdict: Verdict;
      readonly refusals: 1 | 2;
      readonly failures: number;
      /** a refusal that comes sooner, because somebody asked for a refresh, confirms nothing */
      readonly confirmAtMs: number;
      readonly sinceMs: number;
      readonly reason: string;
    }
  | { readonly kind: 'login_required'; readonly sinceMs: number; readonly reason: string }
  | { readonly kind: 'misconfigured'; readonly sinceMs: number; readonly reason: string };

/** An answer that says that a person is needed. One is no proof (SCHWAB.md, "Errors"). */
type Verdict = 'refused' | 'wrong_credentials';

export interface StateStep {
  readonly state: LoginState;
  /** When to try again, epoch milliseconds; absent after a success: the schedule decides. */
  readonly retryAtMs?: number;
}

export const healthy: LoginState = { kind: 'healthy' };

/** Whether Schwab's last word was that it does not know the app, so that other credentials are worth a try at once. */
export function areCredentialsInDoubt(state: LoginState): boolean {
  return state.kind === 'misconfigured' || (state.kind === 'confirming' && state.verdict === 'wrong_credentials');
}

export function afterOutcome(
  state: LoginState,
  outcome: RefreshOutcome,
  nowMs: number,
  random: () => number,
): StateStep {
  switch (outcome.kind) {
    case 'granted':
      return { state: healthy };
    case 'passing':
      return afterPassing(state, outcome.reason, outcome.retryAfterMs ?? 0, nowMs, random);
    case 'refused':
    case 'wrong_credentials':
      return afterVerdict(state, outcome.kind, outcome.reason, nowMs);
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

function afterPassing(
  state: LoginState,
  reason: string,
  retryAfterMs: number,
  nowMs: number,
  random: () => number,
): StateStep {
  switch (state.kind) {
    case 'login_required':
    case 'misconfigured':
      return parked(state, nowMs);
    case 'healthy':
    case 'retrying':
    case 'confirming': {
      const failures = state.kind === 'healthy' ? 0 : state.failures;
      const [delayMs] = nextBackoff(failures, PASSING_BACKOFF, random);
      const sinceMs = state.kind === 'healthy' ? nowMs : state.sinceMs;
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

/** A verdict is confirmed by its like: another one starts anew. */
function afterVerdict(state: LoginState, verdict: Verdict, reason: string, nowMs: number): StateStep {
  switch (state.kind) {
    case 'healthy':
    case 'retrying':
      return confirming(verdict, 1, nowMs, nowMs, reason);
    case 'misconfigured':
      // Credentials that are right again show what else is wrong.
      return verdict === 'refused' ? confirming(verdict, 1, nowMs, nowMs, reason) : parked(state, nowMs);
    case 'confirming':
      if (verdict !== state.verdict) return confirming(verdict, 1, state.sinceMs, nowMs, reason);
      if (isTooEarly(state, nowMs)) return { state: { ...state, failures: 0, reason }, retryAtMs: state.confirmAtMs };
      if (state.refusals === 1) return confirming(verdict, 2, state.sinceMs, nowMs, reason);
      return parked(
        { kind: verdict === 'refused' ? 'login_required' : 'misconfigured', sinceMs: nowMs, reason },
        nowMs,
      );
    case 'login_required':
      // An odd answer in between is no news: whoever logs in is told what is wrong with the credentials.
      return parked(state, nowMs);
  }
}

function parked(state: LoginState, nowMs: number): StateStep {
  return { state, retryAtMs: nowMs + PARKED_RETRY_MS };
}

function confirming(verdict: Verdict, refusals: 1 | 2, sinceMs: number, nowMs: number, reason: string): StateStep {
  const confirmAtMs = nowMs + CONFIRM_AFTER_MS[refusals];
  return {
    state: { kind: 'confirming', verdict, refusals, failures: 0, confirmAtMs, sinceMs, reason },
    retryAtMs: confirmAtMs,
  };
}

/** A moment further away than it ever was means that the clock was set back. */
function isTooEarly({ confirmAtMs, refusals }: LoginState & { kind: 'confirming' }, nowMs: number): boolean {
  return nowMs < confirmAtMs && confirmAtMs - nowMs <= CONFIRM_AFTER_MS[refusals];
}
