import { oneLine } from '../log-format.ts';

/** How much of what a hook writes is kept. */
const KEPT_BYTES = 2048;

/** The beginning of what a hook writes, as one safe line. The rest is only counted, so that a flood costs nothing. */
export class OutputHead {
  readonly #chunks: Uint8Array[] = [];
  #keptBytes = 0;
  #bytes = 0;

  /** All that was written. */
  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#keptBytes >= KEPT_BYTES;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    const room = KEPT_BYTES - this.#keptBytes;
    if (room <= 0) return;
    // A copy, because a part of a chunk would keep all of it in memory.
    const kept = Uint8Array.from(chunk.subarray(0, room));
    this.#chunks.push(kept);
    this.#keptBytes += kept.length;
  }

  /** At most 2048 characters. */
  text(): string {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    // The log hides secrets that it knows, but would not know the first half of one: no word is cut.
    const whole = this.#bytes > this.#keptBytes ? text.replace(/\S+$/, '') : text;
    return oneLine(whole.trim().replace(/\s*\n\s*/g, ' | ')).slice(0, KEPT_BYTES);
  }
}
