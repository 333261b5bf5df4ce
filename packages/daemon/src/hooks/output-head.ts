import { oneLine } from '../log-format.ts';

/** How much of what a hook writes is kept. */
const KEPT_BYTES = 2048;

/** The beginning of what a hook writes, as one safe line. The rest is let go, so that a flood costs nothing. */
export class OutputHead {
  readonly #given: string;
  readonly #limitBytes: number;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isCut = false;

  /** @param given what the hook got on its standard input: it may be a token, and does not come back out */
  constructor(given: string) {
    this.#given = given.trim();
    this.#limitBytes = KEPT_BYTES + Buffer.byteLength(this.#given);
  }

  push(chunk: Uint8Array): void {
    const room = this.#limitBytes - this.#bytes;
    if (chunk.length > room) this.#isCut = true;
    if (room <= 0) return;
    // A copy, because a part of a chunk would keep all of it in memory.
    const kept = Uint8Array.from(chunk.subarray(0, room));
    this.#chunks.push(kept);
    this.#bytes += kept.length;
  }

  /** At most 2048 characters. */
  text(): string {
    let text = Buffer.concat(this.#chunks).toString('utf8');
    if (this.#given !== '') {
      text = text.replaceAll(this.#given, '(its input)');
      // At the cut there may be the first half of it.
      if (this.#isCut) text = text.slice(0, Math.max(0, text.length - this.#given.length));
    }
    return oneLine(text.trim().replace(/\s*\n\s*/g, ' | ')).slice(0, KEPT_BYTES);
  }
}
