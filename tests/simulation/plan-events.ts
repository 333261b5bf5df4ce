/** What can happen in a month. Each event stands alone, so that a plan without any one of them is a plan too. */
import type { RefusalForm } from '../../packages/schwab-sandbox/src/answers.ts';

/** How a request fails that Schwab never sees to. */
export type Failure =
  'unreachable' | 'not_found' | 'reset' | 'hang' | 'blocked' | 'error_500' | 'error_503' | 'empty_502' | 'not_json';

export type ReceiverTrouble = 'gone' | 'refuses' | 'busy' | 'hangs';

export type PlanEvent = { readonly atMs: number } & (
  | { readonly kind: 'outage'; readonly forMs: number; readonly how: Failure }
  /** 429 for this share of the requests */
  | {
      readonly kind: 'overload';
      readonly forMs: number;
      readonly share: number;
      readonly retryAfter: 'none' | 'seconds' | 'date';
      readonly seconds: number;
    }
  | { readonly kind: 'slow'; readonly forMs: number; readonly delayMs: number }
  /** the next requests are refused, and the login is alive */
  | { readonly kind: 'odd_refusals'; readonly times: number; readonly form: RefusalForm }
  | { readonly kind: 'odd_unauthorized'; readonly times: number }
  /** for so long, and then accepted again */
  | { readonly kind: 'refused_for'; readonly forMs: number; readonly form: RefusalForm }
  | { readonly kind: 'unauthorized_for'; readonly forMs: number }
  /** the next answers do not arrive, after Schwab has done what was asked */
  | { readonly kind: 'lost_answers'; readonly times: number; readonly how: 'reset' | 'timeout' | 'cut_off' }
  /** the login ends: a changed password, or a change on Schwab's side */
  | { readonly kind: 'revoke' }
  | { readonly kind: 'login'; readonly by: 'command' | 'other_program'; readonly fileAfterMs: number }
  /** with the same app, on another machine: its file does not come here */
  | { readonly kind: 'login_elsewhere' }
  /** another program refreshes this login, and writes the file */
  | { readonly kind: 'other_refresh' }
  | { readonly kind: 'older_file' }
  | { readonly kind: 'broken_file' }
  | { readonly kind: 'removed_file' }
  | { readonly kind: 'clock'; readonly byMs: number }
  | { readonly kind: 'suspend'; readonly forMs: number }
  | { readonly kind: 'disk_full'; readonly forMs: number }
  | { readonly kind: 'receiver'; readonly receiver: number; readonly forMs: number; readonly how: ReceiverTrouble }
  | { readonly kind: 'restart'; readonly how: 'crash' | 'stop'; readonly downMs: number }
  /** `token-refresh-sender refresh`, so many times */
  | { readonly kind: 'asked'; readonly times: number; readonly everyMs: number }
  | { readonly kind: 'reload' }
);

/** What Schwab does with the refresh token at a refresh. `gently`: the old one is good until the new one is used. */
export type Rotation = 'same' | 'absent' | 'at_once' | 'gently';

export interface Plan {
  readonly seed: number;
  readonly lengthMs: number;
  readonly rotation: Rotation;
  readonly expiresIn: 1800 | '1800' | 3600;
  /** sorted by time; `atMs` is true time since the start */
  readonly events: readonly PlanEvent[];
}
