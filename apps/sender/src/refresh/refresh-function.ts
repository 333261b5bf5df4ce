/** Between the token manager and the exchange with Schwab: the outcome of a failed refresh comes out of the manager again. */
import { TokenError, type RefreshFunction } from '@token-relay/tokens';
import type { RefreshOutcome } from './token-answer.ts';

export type FailedOutcome = Exclude<RefreshOutcome, { kind: 'granted' }>;

/** Thrown into the manager by its refresh function, and out of it again. */
export class RefreshFailure extends Error {
  override readonly name = 'RefreshFailure';
  readonly outcome: FailedOutcome;

  constructor(outcome: FailedOutcome) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

/** The manager's refresh function made of an exchange with Schwab. */
export function refreshFunction(exchange: (refreshToken: string) => Promise<RefreshOutcome>): RefreshFunction {
  return async ({ refreshToken }) => {
    if (refreshToken === undefined) throw new TokenError('login_required', 'there is no refresh token');
    const outcome = await exchange(refreshToken);
    if (outcome.kind !== 'granted') throw new RefreshFailure(outcome);
    return outcome.tokens;
  };
}
