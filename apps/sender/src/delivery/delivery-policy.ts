/** What follows from a delivery that failed (DESIGN.md, "Delivery"). Pure. Change the delivery's retry policy here. */

/** Every attempt ends after this long. */
export const ATTEMPT_TIMEOUT_MS: number = 5_000;
/** An undelivered token is offered again this seldom, beside the watch on the target's socket. */
export const SLOW_POLL_MS: number = 30_000;

export interface DeliveryPolicy {
  /** Attempts in a row, the first included; default 3. */
  readonly attempts: number;
  /** Between two of them, milliseconds; default 5 s. */
  readonly retryDelayMs: number;
}

export type NextStep =
  { readonly kind: 'retry'; readonly delayMs: number } | { readonly kind: 'wait_for_target'; readonly pollMs: number };

/** @param failedAttempts in a row for this token, at least 1. */
export function afterFailedAttempt(failedAttempts: number, policy: DeliveryPolicy): NextStep {
  return failedAttempts < policy.attempts
    ? { kind: 'retry', delayMs: policy.retryDelayMs }
    : { kind: 'wait_for_target', pollMs: SLOW_POLL_MS };
}
