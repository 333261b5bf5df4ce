/** What is said about an attempt that failed. Pure. */
import { duration } from '../status/duration.ts';
import { adviceFor, type AdviceContext } from './advice.ts';
import type { LoginState, StateStep } from './login-state.ts';
import type { FailedOutcome } from './refresh-function.ts';

export interface LogLine {
  readonly level: 'debug' | 'warn' | 'error';
  readonly message: string;
}

export interface FailureCircumstances {
  readonly nowMs: number;
  readonly advice: AdviceContext;
  /** Whether the login's own 7 days have passed: then a refusal is what was to be expected. */
  readonly isWeekOver: boolean;
}

const LOG_IN = 'log in again with: token-refresh-sender login';

/**
 * ERROR once, when a person is needed. WARN for every refusal, and for the 1st, 2nd, 4th, 8th … fault in a row that
 * passes by itself, so that an outage of days neither fills the log nor is forgotten; the others are for debug.
 */
export function failureLine(
  before: LoginState,
  { state, retryAtMs }: StateStep,
  outcome: FailedOutcome,
  { nowMs, advice, isWeekOver }: FailureCircumstances,
): LogLine {
  const { reason } = outcome;
  const again = retryAtMs === undefined ? '' : `; next try in ${duration(Math.max(1_000, retryAtMs - nowMs))}`;
  switch (state.kind) {
    case 'login_required':
      return before.kind === 'login_required'
        ? { level: 'debug', message: `Still no login: ${reason}${again}` }
        : { level: 'error', message: `Login required: ${reason}. ${adviceFor(state.kind, advice) ?? ''}` };
    case 'misconfigured':
      return before.kind === 'misconfigured'
        ? { level: 'debug', message: `Still wrong credentials: ${reason}${again}` }
        : { level: 'error', message: `Wrong credentials: ${reason}. ${adviceFor(state.kind, advice) ?? ''}` };
    case 'confirming':
    case 'retrying':
      if (outcome.kind === 'refused') {
        const meaning = isWeekOver ? `the 7 days of the login are over: ${LOG_IN}` : 'one refusal is no proof';
        return { level: 'warn', message: `Token refresh refused: ${reason}; ${meaning}${again}` };
      }
      return {
        level: isPowerOfTwo(state.failures) ? 'warn' : 'debug',
        message: `Token refresh failed: ${reason}${again}${state.failures < 2 ? '' : ` (${state.failures} failures in a row)`}`,
      };
    case 'healthy':
    case 'waiting':
      return { level: 'debug', message: `Token refresh failed: ${reason}` };
  }
}

/** The same for whoever asked for the refresh. */
export function failureReport(
  state: LoginState,
  { reason, kind }: FailedOutcome,
  { advice, isWeekOver }: FailureCircumstances,
): string {
  const advised = adviceFor(state.kind, advice);
  if (advised !== undefined) return `${reason}. ${advised}`;
  if (kind !== 'refused') return `${reason}.`;
  return isWeekOver
    ? `${reason}. The 7 days of the login are over: ${LOG_IN}`
    : `${reason}. One refusal is no proof that the login is dead: try again in a few minutes, and log in again if it stays so.`;
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}
