import { writeBackup, writeMigrated, type MigrationReport } from './copies.ts';
import type { TokenError } from './errors.ts';
import type { TokenFormat } from './formats/token-text.ts';
import { HeldTokens, type AdoptOptions } from './held-tokens.ts';
import type { DiskVerdict } from './newest-login.ts';
import type { RefreshFunction, RefreshResult } from './refresh-result.ts';
import { Renewal } from './renewal.ts';
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
  /** Time that nobody can set, to tell by how much `nowMs` was: `performance.now`, or a `nowMs` that is given alone. */
  readonly bootMs?: () => number;
  /** How long before its expiry a token counts as expired: 5 minutes. */
  readonly expiryBufferMs?: number;
  /** How long before its expiry a token is worth refreshing: 15 minutes. */
  readonly refreshBufferMs?: number;
  /** The name of this host, if it shares its tokens with others: what is made here is given an `origin`. */
  readonly host?: string | undefined;
};

/**
 * Holds one token set and keeps its store up to date. Changes are made one after another; a set is saved before `get`
 * returns it, or held all the same if the save failed. Errors are {@link TokenError}s, and those of the refresh function.
 */
export class TokenManager {
  readonly #tokens: HeldTokens;
  readonly #store: TokenStore;
  readonly #renewal: Renewal;
  readonly #nowMs: () => number;
  readonly #expiryBufferMs: number;
  readonly #refreshBufferMs: number;

  constructor(options: TokenManagerOptions) {
    const { store, refresh, expiryBufferMs, refreshBufferMs, host } = options;
    const { nowMs = Date.now, bootMs = options.nowMs ?? (() => performance.now()) } = options;
    this.#store = store;
    this.#nowMs = nowMs;
    this.#expiryBufferMs = expiryBufferMs ?? DEFAULT_EXPIRY_BUFFER_MS;
    this.#refreshBufferMs = refreshBufferMs ?? DEFAULT_REFRESH_BUFFER_MS;
    this.#tokens = new HeldTokens(store, { nowMs, bootMs }, host);
    this.#renewal = new Renewal({
      tokens: this.#tokens,
      path: store.path,
      refresh,
      nowMs,
      isDue: () => this.needsRefresh(),
    });
  }

  /**
   * Reads the store. Later calls are {@link adoptIfNewer}.
   * @throws TokenError `token_file_invalid`, `token_file_unreadable`, `token_file_too_open`, `token_file_encrypted`,
   *   `token_file_key_wrong`, `format_unsuitable`, if nothing is held
   */
  load(): Promise<TokenSet | undefined> {
    return this.#tokens.inTurn(() => this.#tokens.load());
  }

  /**
   * Reads the store again, and takes over a newer login, or a later access token of the same login. What is older, broken,
   * missing (`unchanged`) or without the refresh token replaces nothing, and neither does another login of unknown time
   * where ours is known; {@link getLastReadError} has the reason for `invalid`.
   */
  adoptIfNewer(options?: AdoptOptions): Promise<DiskVerdict | 'invalid'> {
    return this.#tokens.inTurn(() => this.#tokens.adopt(options));
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

  /**
   * Replaces the set by one that another host has made, and saves it. Rejects as {@link set} does.
   * @param insteadOf what was held when it was chosen; if that is held no more, nothing is changed
   * @returns whether it was taken
   */
  take(tokenSet: TokenSet, insteadOf: TokenSet | undefined): Promise<boolean> {
    return this.#tokens.inTurn(async () => {
      if (this.get() !== insteadOf) return false;
      await this.#tokens.take(tokenSet);
      return true;
    });
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
      if (held !== undefined && !this.isSaved()) await this.#tokens.take(held);
    });
  }

  /**
   * Converts the store: saves what is held, if a save would give the file another form than it has, as after encryption
   * was turned on or off. Rejects as {@link load} and {@link set} do, with the file untouched.
   * @returns whether the file was converted
   */
  rewrite(): Promise<boolean> {
    return this.#tokens.inTurn(async () => {
      await this.#tokens.adoptOrThrow();
      const held = this.get();
      if (held === undefined || this.#store.needsRewrite?.() !== true) return false;
      await this.#tokens.take(held);
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
    return this.#renewal.refreshNow();
  }

  /**
   * The set, with an access token that is valid: refreshed first if it needs to be and can be, once for any number of
   * callers. A token whose refresh failed is returned for as long as it is truly valid.
   * @throws TokenError `token_not_found`, `token_expired`, and {@link load}'s
   */
  async ensureValidTokens(): Promise<TokenSet> {
    return (await this.#renewal.valid()).tokenSet;
  }

  /** The access token of {@link ensureValidTokens}. */
  async getValidAccessToken(): Promise<string> {
    return (await this.#renewal.valid()).accessToken;
  }

  /**
   * Writes what is held to a file that must not exist yet, encrypted if the store is.
   * @throws TokenError `token_not_found`, `file_exists`, `token_save_failed`
   */
  backup(path: string): Promise<void> {
    return this.#tokens.inTurn(async () => {
      await this.#tokens.adopt();
      await writeBackup(this.#tokens.present(), path, this.#store.encrypt);
    });
  }

  /**
   * Writes what is held to a file in the given form: another one, which must not exist yet, or the store's own. The store
   * stays what it is. Rejects as {@link backup} and {@link load} do; and `format_unsuitable`.
   */
  migrate(path: string, format: TokenFormat): Promise<MigrationReport> {
    return this.#tokens.inTurn(async () => {
      await this.#tokens.adoptOrThrow();
      const { path: from, encrypt } = this.#store;
      return writeMigrated(this.#tokens.present(), { from, to: path, format, encrypt });
    });
  }

  #change(change: (held: TokenSet) => TokenSet): Promise<void> {
    return this.#tokens.inTurn(() => this.#tokens.keep(change(this.#tokens.get() ?? {})));
  }
}
