/** When a leader lets another host try. Pure. */
import type { LoginState } from '../refresh/login-state.ts';

/** A fault that passes within this is waited for: another host may well meet the same. */
const PATIENCE_MS = 60_000;

/**
 * Whether what keeps this host from refreshing may be its own: its network, its app credentials. A dead login is everybody's.
 * @param leadsSinceMs when it began to lead: what went wrong before is no reason yet
 */
export function isUnfitToLead(state: LoginState, leadsSinceMs: number, nowMs: number): boolean {
  switch (state.kind) {
    case 'misconfigured':
      return state.sinceMs >= leadsSinceMs || nowMs - leadsSinceMs > PATIENCE_MS;
    case 'retrying':
      return nowMs - Math.max(state.sinceMs, leadsSinceMs) > PATIENCE_MS;
    case 'healthy':
    case 'waiting':
    case 'confirming':
    case 'login_required':
      return false;
  }
}
