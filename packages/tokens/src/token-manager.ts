import { writeBackup, writeMigrated, type MigrationReport } from './copies.ts';
import { TokenError } from './errors.ts';
import type { TokenFormat } from './formats/token-text.ts';
import { HeldTokens } from './held-tokens.ts';
import type { DiskVerdict } from './newest-login.ts';
import { refreshed, type RefreshedTokens } from './refreshed.ts';
import { noValidToken, type RefreshFunction, type RefreshResult } from './refresh-result.ts';
import type { TokenStore } from './token-stores.ts';
import {
  DEFAULT_EXPIRY_BUFFER_MS,
  DEFAULT_REFRESH_BUFFER_MS,
  isExpiredAt,
  withAccessToken,
  type TokenSet,
} from './token-set.ts';

export type TokenManagerOptions = {
  readonly store: TokenStore;
  readonly refresh?: RefreshFunction;
  /** The clock, in epoch milliseconds: `Date.now`. */
  readonly nowMs?: () => number;
  /** How long before its expiry a token counts as expired: 5 minutes. */
  readonly expiryBufferMs?: number;
  /** How long before its expiry a token is worth refreshing: 15 minutes. */
  readonly refreshBufferMs?: number;
};

/**
 * Holds one token set and keeps its store up to date. Changes are made one after another; a set is saved before `get`
 * returns it, or held all the same if the save failed. Errors are {@link TokenError}s, and those of the refresh function.
 */
export class TokenManager {
  readonly #tokens: HeldTokens;
  readonly #store: TokenStore;
  readonly #refresh: RefreshFunction | undefined;
  readonly #nowMs: () => number;
  readonly #expiryBufferMs: number;
  readonly #refreshBufferMs: number;
  #refreshing: Promise<RefreshResult> | undefined;
  #renewing: Promise<unknown> | undefined;

  constructor(options: TokenManagerOptions) {
    this.#tokens = new HeldTokens(options.store);
    this.#store = options.store;
    this.#refresh = options.refresh;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#expiryBufferMs = options.expiryBufferMs ?? DEFAULT_EXPIRY_BUFFER_MS;
    this.#refreshBufferMs = options.refreshBufferMs ?? DEFAULT_REFRESH_BUFFER_MS;
  }

  /**
   * Reads the store. Later calls are {@link adoptIfNewer}.
   * @throws TokenError `token_file_invalid`, `token_file_unreadable`, `token_file_too_open`, `token_file_encrypted`,
   *   `token_file_key_wrong`, `format_unsuitable`, if nothing is held
   */
  load(): Promise<TokenSet | undefined> {
    return this.#tokens.inTurn(async () => {
      await this.#tokens.adopt();
      const error = this.#tokens.lastReadError();
      if (error !== undefined && this.get() === undefined) throw error;
      return this.get();
    });
  }

  /**
   * Reads the store again, and takes over a newer login, or a later access token of the same login. What is older, broken
   * or missing (`unchanged`) replaces nothing; {@link getLastReadError} has the reason for `invalid`.
   */
  adoptIfNewer(): Promise<DiskVerdict | 'invalid'> {
    return this.#tokens.inTurn(() => this.#tokens.adopt());
  }

  getLastReadError(): TokenError | undefined {
    return this.#tokens.lastReadError();
  }

  get(): TokenSet | undefined {
    return this.#tokens.get();
  }

  getAccessToken(): string | undefined {
    return this.get()?.accessToken;
  }

  getRefreshToken(): string | undefined {
    return this.get()?.refreshToken;
  }

  /**
   * Replaces the set and saves it. Members of the file that we do not know are kept.
   * @throws TokenError `token_invalid`; `newer_login_on_disk`, with nothing changed; with the set held but not saved,
   *   `token_save_failed`, and for a file that is not ours to replace `token_file_encrypted`, `token_file_key_wrong`,
   *   `format_unsuitable`
   */
  set(tokenSet: TokenSet): Promise<void> {
    return this.#change(() => tokenSet);
  }

  /** Replaces the access token alone. Without `expiresAtMs` its expiry is unknown. Rejects as {@link set} does. */
  setAccessToken(accessToken: string, expiresAtMs?: number): Promise<void> {
    return this.#change((held) => withAccessToken(held, accessToken, expiresAtMs));
  }

  /** Replaces the refresh token of the same login; a new login is a whole {@link set}, with its time. */
  setRefreshToken(refreshToken: string): Promise<void> {
    return this.#change((held) => ({ ...held, refreshToken }));
  }

  /** Whether the access token has no more than the expiry buffer left, or is missing. */
  isExpired(): boolean {
    return isExpiredAt(this.get(), this.#nowMs(), this.#expiryBufferMs);
  }

  /** Whether the access token has no more than the refresh buffer left, or is missing. */
  needsRefresh(): boolean {
    return isExpiredAt(this.get(), this.#nowMs(), this.#refreshBufferMs);
  }

  /** Whether what is held is also stored. */
  isSaved(): boolean {
    return this.#tokens.isSaved();
  }

  /** Saves what is held, if it is not yet saved. Rejects as {@link set} does. */
  saveAgain(): Promise<void> {
    return this.#tokens.inTurn(async () => {
      const held = this.get();
      if (held !== undefined && !this.isSaved()) await this.#tokens.keep(held);
    });
  }

  /**
   * Converts the store: saves what is held, if a save would give the file another form than it has, as after encryption
   * was turned on or off. Rejects as {@link load} and {@link set} do, with the file untouched.
   * @returns whether the file was converted
   */
  rewrite(): Promise<boolean> {
    return this.#tokens.inTurn(async () => {
      await this.#adoptOrThrow();
      const held = this.get();
      if (held === undefined || this.#store.needsRewrite?.() !== true) return false;
      await this.#tokens.keep(held);
      return true;
    });
  }

  /**
   * Forgets the set and removes it from the store.
   * @throws TokenError `token_clear_failed`, with the set forgotten all the same
   */
  clear(): Promise<void> {
    return this.#tokens.inTurn(() => this.#tokens.clear());
  }

  /**
   * Refreshes now, however fresh the set is; callers at the same time share one refresh.
   * @throws TokenError `refresh_unavailable`, `login_required`, `token_invalid`; and what the refresh function rejects with
   */
  refreshNow(): Promise<RefreshResult> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /**
   * The set, with an access token that is valid: refreshed first if it needs to be and can be, once for any number of
   * callers. A token whose refresh failed is returned for as long as it is truly valid.
   * @throws TokenError `token_not_found`, `token_expired`, and {@link load}'s
   */
  async ensureValidTokens(): Promise<TokenSet> {
    return (await this.#valid()).tokenSet;
  }

  /** The access token of {@link ensureValidTokens}. */
  async getValidAccessToken(): Promise<string> {
    return (await this.#valid()).accessToken;
  }

  /**
   * Writes what is held to a file that must not exist yet, encrypted if the store is.
   * @throws TokenError `token_not_found`, `file_exists`, `token_save_failed`
   */
  backup(path: string): Promise<void> {
    return this.#tokens.inTurn(async () => {
      await this.#tokens.adopt();
      await writeBackup(this.#present(), path, this.#store.encrypt);
    });
  }

  /**
   * Writes what is held to a file in the given form: another one, which must not exist yet, or the store's own. The store
   * stays what it is. Rejects as {@link backup} and {@link load} do; and `format_unsuitable`.
   */
  migrate(path: string, format: TokenFormat): Promise<MigrationReport> {
    return this.#tokens.inTurn(async () => {
      await this.#adoptOrThrow();
      const { path: from, encrypt } = this.#store;
      return writeMigrated(this.#present(), { from, to: path, format, encrypt });
    });
  }

  async #adoptOrThrow(): Promise<void> {
    await this.#tokens.adopt();
    const error = this.#tokens.lastReadError();
    if (error !== undefined) throw error;
  }

  #change(change: (held: TokenSet) => TokenSet): Promise<void> {
    return this.#tokens.inTurn(() => this.#tokens.keep(change(this.#tokens.get() ?? {})));
  }

  async #refreshOnce(): Promise<RefreshResult> {
    const before = this.get();
    if (this.#refresh === undefined) {
      throw new TokenError('refresh_unavailable', 'this TokenManager was given no function to refresh with');
    }
    if (before?.refreshToken === undefined) {
      throw new TokenError('login_required', 'no refresh token is held: log in');
    }
    // The lifetime counts from before the request, so that a slow answer never makes a token look younger than it is.
    const requestedAtMs = this.#nowMs();
    const answer = await this.#refresh(before);
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
      return { status: 'refreshed', tokenSet: this.#present() };
    } catch (error) {
      if (!(error instanceof TokenError) || error.code === 'token_invalid') throw error;
      if (error.code === 'newer_login_on_disk') {
        if ((await this.#tokens.adopt()) === 'adopted') return { status: 'superseded', tokenSet: this.#tokens.get() };
        this.#tokens.keepUnsaved(next);
      }
      return { status: 'refreshed_not_saved', tokenSet: this.#present(), error };
    }
  }

  #present(): TokenSet {
    const held = this.get();
    if (held !== undefined) return held;
    throw new TokenError('token_not_found', `${this.#store.path ?? 'this TokenManager'} holds no tokens: log in`);
  }

  async #valid(): Promise<{ tokenSet: TokenSet; accessToken: string }> {
    let failure: unknown;
    if (this.needsRefresh()) {
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = undefined;
      });
      failure = await this.#renewing;
    }
    const tokenSet = this.get();
    const accessToken = tokenSet?.accessToken;
    if (tokenSet === undefined || accessToken === undefined || isExpiredAt(tokenSet, this.#nowMs(), 0)) {
      throw noValidToken(tokenSet, this.#store.path, failure);
    }
    return { tokenSet, accessToken };
  }

  /** Reads the store, where another program may have left a fresh set; else refreshes. Resolves to why that failed. */
  async #renew(): Promise<unknown> {
    await this.load();
    if (this.get() === undefined || !this.needsRefresh()) return undefined;
    try {
      const result = await this.refreshNow();
      if (result.status === 'superseded' && this.needsRefresh()) await this.refreshNow();
      return undefined;
    } catch (error) {
      return error;
    }
  }
}
