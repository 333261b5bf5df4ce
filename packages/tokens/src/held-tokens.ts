import { TokenError } from './errors.ts';
import { adopted, judgeDisk, overwritesUnseenLogin, type DiskVerdict } from './newest-login.ts';
import type { TokenStore } from './token-stores.ts';
import { assertTokenSet, withMembersOf, type TokenSet } from './token-set.ts';

export type Clocks = {
  /** the wall clock, in epoch milliseconds; somebody may set it */
  readonly nowMs: () => number;
  /** time that nobody can set, from any beginning */
  readonly bootMs: () => number;
};

export type AdoptOptions = {
  /** Schwab has refused the held login for good: another one is taken over, even an older one. Default: false. */
  readonly isHeldOver?: boolean;
};

/** One token set and its store, kept in step: work on them is done in turn, and a set is saved before it is held. */
export class HeldTokens {
  readonly #store: TokenStore;
  readonly #clocks: Clocks;
  #held: TokenSet | undefined;
  #saved: TokenSet | undefined;
  /** When the held login was last kept or taken. */
  #takenAtBootMs: number | undefined;
  #lastReadError: TokenError | undefined;
  #lastTurn: Promise<unknown> = Promise.resolve();

  readonly #host: string | undefined;

  /** @param host this one's name in a cluster: what is made here bears it */
  constructor(store: TokenStore, clocks: Clocks, host?: string) {
    this.#store = store;
    this.#clocks = clocks;
    this.#host = host;
  }

  get(): TokenSet | undefined {
    return this.#held;
  }

  /** @throws TokenError `token_not_found` */
  present(): TokenSet {
    if (this.#held !== undefined) return this.#held;
    throw new TokenError('token_not_found', `${this.#store.path ?? 'this TokenManager'} holds no tokens: log in`);
  }

  isSaved(): boolean {
    return this.#held === this.#saved;
  }

  /** Why the store could not be read the last time it was, if it could not. */
  lastReadError(): TokenError | undefined {
    return this.#lastReadError;
  }

  /** Runs work that reads and changes the set, after all such work before it. The methods below are called in such work. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#lastTurn.then(work);
    // A failure is its caller's, and not that of the next in turn.
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Saves a set, then holds it. If the save fails, it is held unsaved.
   * @throws TokenError `token_invalid`, `newer_login_on_disk`, with nothing changed; `token_save_failed`
   */
  keep(next: TokenSet): Promise<void> {
    return this.#keep(this.#madeHere(next));
  }

  /** {@link keep}, for a set that was made before, or by another host of the cluster. */
  take(theirs: TokenSet): Promise<void> {
    return this.#keep(theirs);
  }

  async #keep(next: TokenSet): Promise<void> {
    assertTokenSet(next);
    const onDisk = await this.#lookAtDisk();
    if (onDisk !== undefined && this.#overwritesUnseenLogin(onDisk, next)) {
      const where = this.#store.path ?? 'the store';
      throw new TokenError('newer_login_on_disk', `not saved: ${where} has a newer login than ours; load that one`);
    }
    const complete = withMembersOf(withMembersOf(next, this.#held), onDisk);
    try {
      await this.#store.write(complete, { isJustRead: true });
      this.#saved = complete;
    } finally {
      this.#hold(complete);
    }
  }

  /** Holds a set that the store could not take. */
  keepUnsaved(next: TokenSet): void {
    this.#hold(this.#madeHere(next));
  }

  /** Reads the store and takes over what is newer than what is held. */
  async adopt({ isHeldOver = false }: AdoptOptions = {}): Promise<DiskVerdict | 'invalid'> {
    let onDisk: TokenSet | undefined;
    try {
      onDisk = await this.#store.read();
      this.#lastReadError = undefined;
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      this.#lastReadError = error;
      return 'invalid';
    }
    if (onDisk === undefined) return 'unchanged';
    // What could not be replaced yet is no news, whatever its times say.
    if (!this.isSaved() && isSameTokens(onDisk, this.#saved)) return 'older';
    const nowMs = this.#clocks.nowMs();
    const [ours, theirs] = [this.#onTheClock(this.#held), this.#onTheClock(onDisk)];
    // While ours is not saved, what is on disk is not another's choice.
    const verdict = judgeDisk(ours, theirs, { nowMs, isHeldOver: isHeldOver && this.isSaved() });
    if (verdict === 'adopted') {
      const found = adopted(this.#held, onDisk, nowMs);
      const next = this.#host === undefined ? found : placed(found, this.#held, this.#host);
      this.#hold(next);
      this.#saved = found;
    }
    return verdict;
  }

  /** {@link adopt}, for what can do nothing with a store that cannot be read. @throws TokenError */
  async adoptOrThrow(): Promise<void> {
    if ((await this.adopt()) === 'invalid' && this.#lastReadError !== undefined) throw this.#lastReadError;
  }

  /** Reads the store. @throws TokenError of the reading, if nothing is held */
  async load(): Promise<TokenSet | undefined> {
    await this.adopt();
    if (this.#lastReadError !== undefined && this.#held === undefined) throw this.#lastReadError;
    return this.#held;
  }

  /** Forgets the set, and then removes it from the store. */
  async clear(): Promise<void> {
    this.#held = undefined;
    this.#saved = undefined;
    await this.#store.remove();
  }

  /** In a cluster: the next one of its login, or the first. One that follows on one without a mark could be any, and has none. */
  #madeHere(next: TokenSet): TokenSet {
    if (this.#host === undefined) return next;
    const held = this.#held;
    const isUnknown = next.loginAtMs === undefined && held?.loginAtMs === undefined;
    const isSameLogin = held !== undefined && (isUnknown || isSameTime(next, held));
    if (isSameLogin && held.origin === undefined) return next;
    const revision = isSameLogin ? (held.origin?.revision ?? 0) + 1 : 1;
    return { ...next, origin: { host: this.#host, revision } };
  }

  #hold(next: TokenSet): void {
    this.#takenAtBootMs = this.#clocks.bootMs();
    this.#held = next;
  }

  #overwritesUnseenLogin(onDisk: TokenSet, next: TokenSet): boolean {
    const [theirs, ours, seen] = [this.#onTheClock(onDisk), this.#onTheClock(next), this.#onTheClock(this.#saved)];
    return overwritesUnseenLogin(theirs, ours, seen, this.#clocks.nowMs());
  }

  /**
   * The set as the clock tells its login now. A login that we took was made before that, whatever it says: it is none of the
   * future because the clock was set back; and one that is made from then on cannot look older.
   */
  #onTheClock<Found extends TokenSet | undefined>(tokenSet: Found): Found {
    if (this.#takenAtBootMs === undefined || tokenSet?.loginAtMs === undefined) return tokenSet;
    if (!isSameTime(tokenSet, this.#held)) return tokenSet;
    const takenAtMs = this.#clocks.nowMs() - (this.#clocks.bootMs() - this.#takenAtBootMs);
    return takenAtMs < tokenSet.loginAtMs ? { ...tokenSet, loginAtMs: takenAtMs } : tokenSet;
  }

  /** What a save would replace; a file that cannot be read has no login to lose. */
  async #lookAtDisk(): Promise<TokenSet | undefined> {
    try {
      return await this.#store.read({ evenIfOpen: true });
    } catch (error) {
      if (error instanceof TokenError) return undefined;
      throw error;
    }
  }
}

/**
 * What another program has put into the file, in its place among the sets that the hosts of a cluster have made: after what
 * it replaces here. A set that has its place already is returned as it is.
 */
function placed(found: TokenSet, held: TokenSet | undefined, host: string): TokenSet {
  if (held === undefined) return found;
  if (isSameTime(found, held)) {
    const isOurs = found.origin !== undefined && found.origin.revision > (held.origin?.revision ?? 0);
    return isOurs ? found : { ...found, origin: { host, revision: (held.origin?.revision ?? 0) + 1 } };
  }
  if (held.loginAtMs === undefined || (found.loginAtMs ?? -1) > held.loginAtMs) return found;
  const loginAtMs = (Math.floor(held.loginAtMs / 1_000) + 1) * 1_000;
  return { ...found, loginAtMs, origin: { host, revision: 1 } };
}

/** In whole seconds, because the file has no more. */
function isSameTime(one: TokenSet, other: TokenSet | undefined): boolean {
  return Math.floor((one.loginAtMs ?? NaN) / 1_000) === Math.floor((other?.loginAtMs ?? NaN) / 1_000);
}

function isSameTokens(one: TokenSet, other: TokenSet | undefined): boolean {
  return one.accessToken === other?.accessToken && one.refreshToken === other?.refreshToken;
}
