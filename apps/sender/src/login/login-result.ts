/** How a login stands, and how it ended. */
import type { ExchangeFailureCode } from './login-answer.ts';
import type { RedirectVerdict } from './redirect-url.ts';

export type LoginFailureCode =
  'denied' | 'not_approved' | 'authorize_error' | ExchangeFailureCode | 'timeout' | 'cancelled' | 'internal_error';

/** `message` is for people. */
export type LoginResult =
  | {
      readonly kind: 'logged_in';
      readonly loginAtMs: number;
      /** the login is made, but not all is well: it could not be saved, or a newer one was found */
      readonly problem?: string;
    }
  | { readonly kind: 'failed'; readonly code: LoginFailureCode; readonly message: string };

/** What became of a pasted text: `taken` ends the waiting; anything else leaves the attempt as it was. */
export type PasteVerdict =
  | { readonly kind: 'taken' }
  | { readonly kind: 'too_late' | Exclude<RedirectVerdict['kind'], 'code'>; readonly message: string };

export type LoginPhase =
  { readonly kind: 'waiting' | 'exchanging' } | { readonly kind: 'ended'; readonly result: LoginResult };
