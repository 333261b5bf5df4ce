import type { AccessToken } from './access-token.ts';
import { TokenClientError } from './client-error.ts';

const MAX_WAITING = 10_000;

/** The longest that a timer can wait: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Wait {
  readonly accepts: (token: AccessToken) => boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Waiter {
  readonly accepts: (token: AccessToken) => boolean;
  readonly settle: (token: AccessToken | undefined) => void;
}

/** Those who wait for a token. A wait keeps the process alive; it always ends. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /**
   * Resolves with the first token that is accepted; with undefined when the time is up, or everyone is dismissed. Rejects with the
   * signal's reason, or with `too_many_waiting`.
   */
  wait({ accepts, timeoutMs, signal }: Wait): Promise<AccessToken | undefined> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#waiting.size >= MAX_WAITING) {
        const message = `${MAX_WAITING} calls wait for a token already. Is one made again and again without waiting for it?`;
        throw new TokenClientError({ code: 'too_many_waiting', message });
      }
      const leave = (): void => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        accepts,
        settle: (token) => {
          leave();
          resolve(token);
        },
      };
      const onAbort = (): void => {
        leave();
        reject(reasonOf(signal));
      };
      const deadline = setTimeout(() => waiter.settle(undefined), Math.min(timeoutMs, MAX_TIMER_MS));
      signal?.addEventListener('abort', onAbort);
      this.#waiting.add(waiter);
    });
  }

  offer(token: AccessToken): void {
    for (const waiter of [...this.#waiting]) {
      if (waiter.accepts(token)) waiter.settle(token);
    }
  }

  dismissAll(): void {
    for (const waiter of [...this.#waiting]) waiter.settle(undefined);
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
