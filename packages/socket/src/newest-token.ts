import type { TokenMessage } from '@token-relay/protocol';
import type { Source } from './connection.ts';
import { type HeldToken, isRepeat, withoutRefreshToken } from './held-token.ts';

export type NewestTokenOptions = {
  keepRefreshToken: boolean;
  nowMs: () => number;
  restored: HeldToken | undefined;
  lastGeneration: number;
};

/** The token that was completed last, and how many there were. */
export class NewestToken {
  readonly #keepRefreshToken: boolean;
  readonly #nowMs: () => number;
  #held: HeldToken | undefined;
  #count: number;

  constructor({ keepRefreshToken, nowMs, restored, lastGeneration }: NewestTokenOptions) {
    this.#keepRefreshToken = keepRefreshToken;
    this.#nowMs = nowMs;
    this.#count = Math.max(lastGeneration, restored?.generation ?? 0);
    if (restored !== undefined) this.#held = frozen({ ...restored, message: { ...this.#kept(restored.message) } });
  }

  get held(): HeldToken | undefined {
    return this.#held;
  }

  /** Of the tokens accepted so far, repeats not counted. */
  get count(): number {
    return this.#count;
  }

  /** Holds the token of a message. Undefined for a repeat of what it holds. */
  take(message: TokenMessage, source: Source): HeldToken | undefined {
    const kept = this.#kept(message);
    if (isRepeat(this.#held, kept)) return undefined;
    this.#held = frozen({ message: kept, generation: ++this.#count, receivedAtMs: this.#nowMs(), ...source });
    return this.#held;
  }

  #kept(message: TokenMessage): TokenMessage {
    return this.#keepRefreshToken ? message : withoutRefreshToken(message);
  }
}

function frozen(held: HeldToken): HeldToken {
  Object.freeze(held.message);
  return Object.freeze(held);
}
