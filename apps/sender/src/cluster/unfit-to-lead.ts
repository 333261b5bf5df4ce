/** When a leader lets another host try. Pure. */
import type { LoginState } from '../refresh/login-state.ts';

/** A fault that passes within this is waited for: another host may well meet the same. */
const PATIENCE_MS = 60_000;

/** Whether what keeps this host from refreshing may be its own: its network, its app credentials. A dead login is everybody's. */
export function isUnfitToLead(state: LoginState, nowMs: number): boolean {
  switch (state.kind) {
    case 'misconfigured':
      return true;
    case 'retrying':
      return nowMs - state.sinceMs > PATIENCE_MS;
    case 'healthy':
    case 'confirming':
    case 'login_required':
      return false;
  }
}
