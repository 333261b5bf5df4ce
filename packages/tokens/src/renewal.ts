import { TokenError } from './errors.ts';
import type { HeldTokens } from './held-tokens.ts';
import { refreshed, type RefreshedTokens } from './refreshed.ts';
import { noValidToken, type RefreshFunction, type RefreshResult } from './refresh-result.ts';
import { isExpiredAt, type TokenSet } from './token-set.ts';

export type RenewalOptions = {
  readonly tokens: HeldTokens;
  /** The store's file, for messages. */
  readonly path: string | undefined;
  readonly refresh: RefreshFunction | undefined;
  readonly nowMs: () => number;
  /** Whether the access token is worth refreshing. */
  readonly isDue: () => boolean;
};

/** Keeps the access token of what is held valid: one refresh at a time, shared by all who ask for it. */
export class Renewal {
  readonly #tokens: HeldTokens;
  readonly #options: RenewalOptions;
  #refreshing: Promise<RefreshResult> | undefined;
  #renewing: Promise<unknown> | undefined;

  constructor(options: RenewalOptions) {
    this.#tokens = options.tokens;
    this.#options = options;
  }

  /** See `TokenManager.refreshNow`. */
  refreshNow(): Promise<RefreshResult> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** See `TokenManager.ensureValidTokens`. */
  async valid(): Promise<{ tokenSet: TokenSet; accessToken: string }> {
    const { isDue, nowMs, path } = this.#options;
    let failure: unknown;
    if (isDue()) {
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = undefined;
      });
      failure = await this.#renewing;
    }
    const tokenSet = this.#tokens.get();
    const accessToken = tokenSet?.accessToken;
    if (tokenSet === undefined || accessToken === undefined || isExpiredAt(tokenSet, nowMs(), 0)) {
      throw noValidToken(tokenSet, path, failure);
    }
    return { tokenSet, accessToken };
  }

  async #refreshOnce(): Promise<RefreshResult> {
    const { refresh, nowMs } = this.#options;
    const before = this.#tokens.get();
    if (refresh === undefined) {
      throw new TokenError('refresh_unavailable', 'this TokenManager was given no function to refresh with');
    }
    if (before?.refreshToken === undefined) {
      throw new TokenError('login_required', 'no refresh token is held: log in');
    }
    // The lifetime counts from before the request, so that a slow answer never makes a token look younger than it is.
    const requestedAtMs = nowMs();
    const answer = await refresh(before);
    return this.#tokens.inTurn(() => this.#takeAnswer(before, answer, requestedAtMs));
  }

  async #takeAnswer(before: TokenSet, answer: RefreshedTokens, requestedAtMs: number): Promise<RefreshResult> {
    const held = this.#tokens.get();
    // A new login has a new refresh token; with the same one, the answer is good whatever else was changed meanwhile.
    if (held === undefined || held.refreshToken !== before.refreshToken)
      return { status: 'superseded', tokenSet: held };
    const next = refreshed(held, answer, requestedAtMs);
    try {
      await this.#tokens.keep(next);
      return { status: 'refreshed', tokenSet: this.#tokens.present() };
    } catch (error) {
      if (!(error instanceof TokenError) || error.code === 'token_invalid') throw error;
      if (error.code === 'newer_login_on_disk') {
        if ((await this.#tokens.adopt()) === 'adopted') return { status: 'superseded', tokenSet: this.#tokens.get() };
        this.#tokens.keepUnsaved(next);
      }
      return { status: 'refreshed_not_saved', tokenSet: this.#tokens.present(), error };
    }
  }

  /** Reads the store, where another program may have left a fresh set; else refreshes. Resolves to why that failed. */
  async #renew(): Promise<unknown> {
    const { isDue } = this.#options;
    await this.#tokens.inTurn(() => this.#tokens.load());
    if (this.#tokens.get() === undefined || !isDue()) return undefined;
    try {
      const result = await this.refreshNow();
      if (result.status === 'superseded' && isDue()) await this.refreshNow();
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
