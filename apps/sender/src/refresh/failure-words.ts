/** What the log says about an attempt that failed. Pure. */
import { duration } from '../status/duration.ts';
import { adviceFor, type AdviceContext } from './advice.ts';
import type { LoginState, StateStep } from './login-state.ts';
import type { FailedOutcome } from './refresh-function.ts';

export interface LogLine {
  readonly level: 'debug' | 'warn' | 'error';
  readonly message: string;
}

/**
 * ERROR once, when a person is needed. WARN for every refusal, and for the 1st, 2nd, 4th, 8th … fault in a row that
 * passes by itself, so that an outage of days neither fills the log nor is forgotten; the others are for debug.
 */
export function failureLine(
  before: LoginState,
  { state, retryAtMs }: StateStep,
  outcome: FailedOutcome,
  nowMs: number,
  advice: AdviceContext,
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
      if (outcome.kind === 'refused')
        return { level: 'warn', message: `Token refresh refused: ${reason}; one refusal is no proof${again}` };
      return {
        level: isPowerOfTwo(state.failures) ? 'warn' : 'debug',
        message: `Token refresh failed: ${reason}${again}${state.failures < 2 ? '' : ` (${state.failures} failures in a row)`}`,
      };
    case 'healthy':
      return { level: 'debug', message: `Token refresh failed: ${reason}` };
  }
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}
