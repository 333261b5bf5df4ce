/** The disk, in memory: the token file and the file of reminders. It survives a crash; saves fail while it is full. */
import type { ReminderStore } from '../../apps/sender/src/week/reminder-store.ts';
import { nothingSaid, type ReminderState } from '../../apps/sender/src/week/reminders.ts';
import { formatTokenText, TokenError, type TokenSet, type TokenStore } from '@token-relay/tokens';
import { parseTokenText } from '../../packages/tokens/src/formats/token-text.ts';

const PATH = '/made-up/schwab_tokens.json';

export interface DiskEvents {
  /** the sender saved this */
  readonly onSaved: (tokenSet: TokenSet) => void;
  readonly onSaveFailed: (tokenSet: TokenSet) => void;
  /** the token file was changed, by whomever */
  readonly onChanged: () => void;
}

export class Disk {
  readonly #trueMs: () => number;
  readonly #events: DiskEvents;
  #text: string | undefined;
  #reminders: ReminderState = nothingSaid;
  #fullUntilMs = -Infinity;
  /** the last file of each login, by its time */
  readonly #copies = new Map<number, string>();
  #parsed: { readonly text: string; readonly tokenSet: TokenSet | undefined } = { text: '', tokenSet: undefined };

  constructor(trueMs: () => number, events: DiskEvents) {
    this.#trueMs = trueMs;
    this.#events = events;
  }

  get isFull(): boolean {
    return this.#trueMs() < this.#fullUntilMs;
  }

  fill(forMs: number): void {
    this.#fullUntilMs = Math.max(this.#fullUntilMs, this.#trueMs() + forMs);
  }

  /** What the token file holds; undefined if there is none, or it is broken. */
  tokens(): TokenSet | undefined {
    return this.#text === undefined ? undefined : this.#parse(this.#text);
  }

  /** Another program writes the token file. False: the disk is full. */
  writeBy(tokenSet: TokenSet): boolean {
    if (this.isFull) return false;
    this.#put(formatTokenText(tokenSet, 'schwab-py'));
    return true;
  }

  /** Whether there was a login before the one in the file. */
  hasOlder(): boolean {
    return this.#older() !== undefined;
  }

  /** Puts the file of an earlier login in the place of this one. */
  putOlder(): void {
    const text = this.#older();
    if (text !== undefined) this.#put(text);
  }

  break(): void {
    this.#put('{"creation_timestamp": 17629830');
  }

  remove(): void {
    this.#put(undefined);
  }

  /** As a sender sees it. @param isAlive whether its process still is */
  tokenStore(isAlive: () => boolean): TokenStore {
    return {
      path: PATH,
      read: () => {
        if (this.#text === undefined) return Promise.resolve(undefined);
        const tokenSet = this.#parse(this.#text);
        return tokenSet === undefined
          ? Promise.reject(new TokenError('token_file_invalid', `${PATH} is not a token file: it is not valid JSON`))
          : Promise.resolve(tokenSet);
      },
      write: (tokenSet) => {
        if (!isAlive()) return new Promise(() => undefined);
        if (this.isFull) {
          this.#events.onSaveFailed(tokenSet);
          return Promise.reject(new TokenError('token_save_failed', `could not save ${PATH}: no space left (ENOSPC)`));
        }
        this.#put(formatTokenText(tokenSet, 'schwab-py'));
        this.#events.onSaved(this.tokens() ?? tokenSet);
        return Promise.resolve();
      },
      remove: () => {
        this.remove();
        return Promise.resolve();
      },
    };
  }

  reminderStore(isAlive: () => boolean): ReminderStore {
    return {
      load: () => Promise.resolve(this.#reminders),
      save: (state) => {
        if (isAlive() && !this.isFull) this.#reminders = state;
        return Promise.resolve();
      },
    };
  }

  #older(): string | undefined {
    const ours = this.tokens()?.loginAtMs ?? -Infinity;
    for (const [loginAtMs, text] of this.#copies) if (loginAtMs < ours) return text;
    return undefined;
  }

  #put(text: string | undefined): void {
    this.#text = text;
    const tokenSet = text === undefined ? undefined : this.#parse(text);
    if (text !== undefined && tokenSet?.loginAtMs !== undefined) this.#copies.set(tokenSet.loginAtMs, text);
    this.#events.onChanged();
  }

  #parse(text: string): TokenSet | undefined {
    if (this.#parsed.text === text) return this.#parsed.tokenSet;
    const parsed = parseTokenText(text);
    const tokenSet = parsed.ok ? parsed.tokenSet : undefined;
    this.#parsed = { text, tokenSet };
    return tokenSet;
  }
}
