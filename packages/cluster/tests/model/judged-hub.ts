/** A store that notices what must not be written to it. */
import type { TokenSet } from '@token-relay/tokens';
import { readLease } from '../../src/host-record.ts';
import { keyRing } from '../../src/key-ring.ts';
import { MemoryHub, type MemoryHubOptions } from '../../src/memory-store.ts';
import type { WriteOutcome } from '../../src/store.ts';
import { readRecord } from '../../src/token-record.ts';
import { KEYS } from './keys.ts';

/** Whether a token set would be a step back: an earlier login, or an earlier set of the same one. The same tokens never are. */
export function isStepBack(next: TokenSet, before: TokenSet): boolean {
  if (next.accessToken === before.accessToken && next.refreshToken === before.refreshToken) return false;
  const [ours, theirs] = [next, before].map(({ loginAtMs }) => Math.floor((loginAtMs ?? -1) / 1000)) as [
    number,
    number,
  ];
  if (ours !== theirs) return ours < theirs;
  return next.origin !== undefined && before.origin !== undefined && next.origin.revision < before.origin.revision;
}

export class JudgedHub extends MemoryHub {
  readonly #onBreach: (what: string) => void;
  #leader: string | undefined;
  #wipedAtMs = -Infinity;
  #wipes = 0;
  readonly #judgedAfter = new WeakMap<Uint8Array, number>();
  takeOvers = 0;

  constructor(options: MemoryHubOptions, onBreach: (what: string) => void) {
    super(options);
    this.#onBreach = onBreach;
  }

  /** What it holds, whichever key that is sealed with. */
  tokenSet(): TokenSet | undefined {
    const written = this.tokens();
    return written === undefined ? undefined : opened(written.value);
  }

  /** The id of the key that sealed what it holds. */
  sealedWith(): string | undefined {
    const written = this.tokens();
    const found = written === undefined ? undefined : keyRing(KEYS).open(new TextDecoder().decode(written.value));
    return found?.kind === 'opened' ? found.keyId : undefined;
  }

  /**
   * Whether the lease of before it was emptied may still be believed in: for its life; or, if its number came again by
   * chance and it was kept in the place of another's, for the life of that one.
   */
  isNewlyWiped(): boolean {
    return this.options.nowMs() < this.#wipedAtMs + 2 * this.options.leaseLifeMs;
  }

  /** Whether the host has the lease until then, as far as an emptied store can tell. */
  isLeased(host: string, untilMs: number): boolean {
    const lease = this.lease();
    const isTheirs = lease !== undefined && readLease(lease.value)?.host === host;
    return this.isNewlyWiped() || (isTheirs && lease.atMs + this.options.leaseLifeMs >= untilMs);
  }

  /** How often it was emptied. */
  wipes(): number {
    return this.#wipes;
  }

  /** This publication was decided on when the store had been emptied so often. */
  judged(value: Uint8Array, afterWipes: number): void {
    this.#judgedAfter.set(value, afterWipes);
  }

  override wipe(): void {
    this.#wipedAtMs = this.options.nowMs();
    this.#wipes += 1;
    super.wipe();
  }

  override writeTokens(value: Uint8Array, expected: number): WriteOutcome {
    const before = this.tokenSet();
    const outcome = super.writeTokens(value, expected);
    const next = opened(value);
    if (next === undefined) this.#onBreach('what no key opens was published');
    // A host that was frozen between the look and the writing cannot know that the store is another, if the number is the same.
    else if (this.#judgedAfter.get(value) !== this.#wipes) return outcome;
    else if (outcome.kind === 'written' && before !== undefined && isStepBack(next, before))
      this.#onBreach(`in the store ${words(next)} replaced ${words(before)}`);
    return outcome;
  }

  override writeLease(value: Uint8Array | undefined, expected: number | undefined): WriteOutcome {
    const outcome = super.writeLease(value, expected);
    const instance = value === undefined ? undefined : readLease(value)?.instance;
    if (outcome.kind === 'written' && instance !== undefined && instance !== this.#leader) {
      this.#leader = instance;
      this.takeOvers += 1;
    }
    return outcome;
  }
}

export function words({ accessToken, origin, loginAtMs }: TokenSet): string {
  return `${accessToken ?? 'nothing'} (login ${loginAtMs ?? '?'}, ${origin?.host ?? '?'} ${origin?.revision ?? '?'})`;
}

function opened(value: Uint8Array): TokenSet | undefined {
  const found = keyRing(KEYS).open(new TextDecoder().decode(value));
  return found.kind === 'opened' ? readRecord(found.text, 0, 1.8e12) : undefined;
}
