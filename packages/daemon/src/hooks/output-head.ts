import { oneLine } from '../log-format.ts';

/** How much of what a hook writes is kept. */
const KEPT_BYTES = 2048;
/** So many characters of a token together, and they are hidden: a hook may fold it, escape it or cut it. */
const FRAGMENT = 16;

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

  get isFull(): boolean {
    return this.#bytes >= this.#limitBytes;
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
      // A sentence is for people, and no secret.
      if (!/\s/.test(this.#given)) text = withoutFragments(text, this.#given);
    }
    return oneLine(text.trim().replace(/\s*\n\s*/g, ' | ')).slice(0, KEPT_BYTES);
  }
}

function withoutFragments(text: string, secret: string): string {
  const known = new Set<string>();
  for (let at = 0; at + FRAGMENT <= secret.length; at += 1) known.add(secret.slice(at, at + FRAGMENT));
  let clean = '';
  let at = 0;
  while (at < text.length) {
    if (!known.has(text.slice(at, at + FRAGMENT))) {
      clean += text.charAt(at);
      at += 1;
      continue;
    }
    at += FRAGMENT;
    while (known.has(text.slice(at - FRAGMENT + 1, at + 1))) at += 1;
    clean += '(part of its input)';
  }
  return clean;
}
