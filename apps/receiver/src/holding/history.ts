/** The last tokens, as fingerprints: a ring, and what of it is worth a restart. */
import type { HeldToken } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import type { HistoryEntry } from './held.ts';

/** A token whose fingerprint nobody has asked for yet: at full load most of them are gone before anybody does. */
interface Pending {
  readonly held: HeldToken;
  readonly refreshToken: HistoryEntry['refreshToken'];
}

interface Written {
  readonly entry: HistoryEntry;
  /** for the state file, made once */
  json?: string;
}

export class TokenHistory {
  readonly #size: number;
  /** A ring, the next one to be overwritten at `#next`. */
  readonly #ring: (Pending | Written)[] = [];
  #next = 0;
  #refreshFingerprint: string | undefined;

  /** @param restored newest first */
  constructor(size: number, restored: readonly HistoryEntry[] = [], refreshFingerprint?: string) {
    this.#size = size;
    this.#refreshFingerprint = refreshFingerprint;
    for (const entry of restored.slice(0, size).reverse()) this.#push({ entry });
  }

  /** Of the last refresh token that came with a message. */
  get refreshFingerprint(): string | undefined {
    return this.#refreshFingerprint;
  }

  /** @param refreshToken what came with it; only its fingerprint is kept */
  add(held: HeldToken, refreshToken: string | undefined): void {
    this.#push({ held, refreshToken: this.#compare(refreshToken) });
  }

  /** Newest first. */
  entries(): readonly HistoryEntry[] {
    return this.#newestFirst().map(({ entry }) => entry);
  }

  /** The same, as a JSON array in the state file's form. */
  json(format: (entry: HistoryEntry) => unknown): string {
    return `[${this.#newestFirst()
      .map((written) => (written.json ??= JSON.stringify(format(written.entry))))
      .join(',')}]`;
  }

  #compare(refreshToken: string | undefined): HistoryEntry['refreshToken'] {
    if (refreshToken === undefined) return 'none';
    const before = this.#refreshFingerprint;
    this.#refreshFingerprint = fingerprint(refreshToken);
    if (before === undefined) return 'first';
    return before === this.#refreshFingerprint ? 'same' : 'changed';
  }

  #push(item: Pending | Written): void {
    if (this.#size === 0) return;
    this.#ring[this.#next] = item;
    this.#next = (this.#next + 1) % this.#size;
  }

  #newestFirst(): Written[] {
    const items: Written[] = [];
    for (let back = 1; back <= this.#ring.length; back += 1) {
      const at = (this.#next - back + this.#size) % this.#size;
      const item = this.#ring[at];
      if (item === undefined) continue;
      const written = 'entry' in item ? item : { entry: entryOf(item) };
      this.#ring[at] = written;
      items.push(written);
    }
    return items;
  }
}

function entryOf({ held, refreshToken }: Pending): HistoryEntry {
  const { message, generation, receivedAtMs, from, peer } = held;
  return {
    generation,
    fingerprint: fingerprint(message.accessToken),
    receivedAtMs,
    from,
    ...(peer === undefined ? {} : { peer }),
    ...(message.expiresAtMs === undefined ? {} : { expiresAtMs: message.expiresAtMs }),
    refreshToken,
  };
}
