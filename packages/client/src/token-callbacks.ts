import { emitWarning } from 'node:process';
import type { AccessToken } from './access-token.ts';

/** What it returns is not used, but a promise that rejects is noticed. */
export type TokenCallback = (token: AccessToken) => unknown;

/** Callbacks that cannot hurt the client or each other, whether they throw, reject or never finish. */
export class TokenCallbacks {
  readonly #entries = new Set<{ readonly callback: TokenCallback }>();

  /**
   * @param present what the callback is told soon, before any other
   * @returns what takes the callback off again
   */
  add(callback: TokenCallback, present: AccessToken | undefined): () => void {
    const entry = { callback };
    this.#entries.add(entry);
    if (present !== undefined) this.#tellSoon([entry], present);
    return () => {
      this.#entries.delete(entry);
    };
  }

  /** Calls them all soon, in the order in which they were added, and never before this returns. */
  announce(token: AccessToken): void {
    if (this.#entries.size > 0) this.#tellSoon([...this.#entries], token);
  }

  clear(): void {
    this.#entries.clear();
  }

  #tellSoon(entries: readonly { readonly callback: TokenCallback }[], token: AccessToken): void {
    setImmediate(() => {
      for (const entry of entries) {
        if (this.#entries.has(entry)) call(entry.callback, token).catch(warn);
      }
    });
  }
}

async function call(callback: TokenCallback, token: AccessToken): Promise<void> {
  await callback(token);
}

/** Says where, and not what: the message of a stranger's error may hold the token. */
function warn(error: unknown): void {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  const where = error instanceof Error ? (error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []) : [];
  emitWarning(`A callback of onToken failed (${name}).`, {
    type: 'TokenClientWarning',
    code: 'callback_failed',
    detail: where.join('\n'),
  });
}
