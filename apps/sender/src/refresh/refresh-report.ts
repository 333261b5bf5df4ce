/** What the refresher tells of itself: to the command line and to the status. */
import type { TokenSet } from '@token-relay/tokens';
import type { LoginState } from './login-state.ts';

/** What one attempt came to; `message` is for people. */
export interface RefreshReport {
  readonly kind:
    | 'refreshed'
    | 'not_saved'
    | 'adopted'
    | 'following'
    | 'passing'
    | 'refused'
    | 'login_required'
    | 'misconfigured'
    | 'stopping';
  readonly message: string;
}

export interface RefresherSnapshot {
  readonly state: LoginState;
  readonly tokenSet: TokenSet | undefined;
  readonly saved: boolean;
  readonly lastRefresh:
    { readonly atMs: number; readonly ok: boolean; readonly message: string; readonly durationMs: number } | undefined;
  /** undefined while an attempt is under way, and while another host refreshes */
  readonly nextRefreshAtMs: number | undefined;
  readonly refreshes: number;
}
