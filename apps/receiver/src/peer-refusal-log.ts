/** Says who was turned away over TLS: each once, however often it comes back. */
import type { Log } from '@token-relay/daemon';
import type { PeerRefusal } from '@token-relay/socket';
import { printable } from './commands/words.ts';

/** Peers that are remembered; beyond it the oldest one is forgotten, and would be told of again. */
const REMEMBERED = 256;

export class PeerRefusalLog {
  readonly #log: Log;
  readonly #known = new Set<string>();
  /** All that were turned away since the start, by code. */
  readonly counts: Partial<Record<PeerRefusal['code'], number>> = {};

  constructor(log: Log) {
    this.#log = log;
  }

  add({ code, address, name, reason }: PeerRefusal): void {
    this.counts[code] = (this.counts[code] ?? 0) + 1;
    const who = name === undefined ? address : `${printable(name)} at ${address}`;
    const text = `A TLS client was refused: ${who}: ${reason}.`;
    // A name that nobody vouches for is whatever a stranger likes: each would be a line of its own.
    const key = code === 'name_not_permitted' ? `${code} ${who}` : `${code} ${address}`;
    if (this.#known.has(key)) {
      this.#log.debug(text, { code });
      return;
    }
    for (const oldest of this.#known) {
      if (this.#known.size < REMEMBERED) break;
      this.#known.delete(oldest);
    }
    this.#known.add(key);
    this.#log.warn(`${text} More of the same are only counted.`, { code });
  }

  /** With new certificates of ours, everything is to be said anew. */
  forget(): void {
    this.#known.clear();
  }
}
