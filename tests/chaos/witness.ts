import { createHash } from 'node:crypto';
import { recordSecret } from '../record/record.ts';

const MAX_COMPLAINTS = 50;

/** Collects what was looked at, and what broke a promise. */
export class Witness {
  readonly counts = new Map<string, number>();
  readonly complaints: string[] = [];

  /** One more look that found all well, or the beginning of one. */
  saw(what: string, count = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + count);
  }

  complain(text: string): void {
    if (this.complaints.length < MAX_COMPLAINTS) this.complaints.push(text);
  }
}

const SCHWAB_TOKEN = /^I0\.[\w-]{64}@$/;
export const TEST_TOKEN_MARK = 'made-up-test-token';

export const fingerprint = (secret: string): string => createHash('sha256').update(secret).digest('hex').slice(0, 8);

/** Every token that there is. A token that nobody issued is a torn one. */
export class TokenBook {
  readonly #witness: Witness;
  readonly #issued = new Set<string>();
  readonly #made = new Set<string>();
  readonly #seen = new Set<string>();
  #lastRequest = 0;

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  get issuedCount(): number {
    return this.#issued.size;
  }

  get madeCount(): number {
    return this.#made.size;
  }

  /** A token of no worth, for a writer to send. */
  make(writer: string): string {
    const token = `${TEST_TOKEN_MARK}-${writer}-${this.#made.size}-${'x'.repeat(40)}`;
    this.#made.add(token);
    recordSecret(token);
    return token;
  }

  issued(fingerprints: readonly string[]): void {
    for (const one of fingerprints) this.#issued.add(one);
  }

  /** Schwab's answers, of which some may have been noted before. */
  answered(requests: readonly { readonly number: number; readonly fault?: string }[]): void {
    for (const { number, fault } of requests) {
      if (number <= this.#lastRequest) continue;
      this.#lastRequest = number;
      this.#witness.saw(fault === undefined ? 'right answers of Schwab' : 'wrong answers of Schwab');
    }
  }

  /** Somebody was given this for a token. */
  judge(token: unknown, where: string): void {
    this.#witness.saw(`reads: ${where}`);
    if (typeof token === 'string' && SCHWAB_TOKEN.test(token)) this.#seen.add(token);
    else if (typeof token !== 'string' || !this.#made.has(token)) {
      this.#witness.complain(`${where}: torn, this is no token: ${String(token).slice(0, 100)}`);
    }
  }

  /** Call it when all that was issued has been noted. */
  judgeSeen(): void {
    for (const token of this.#seen) {
      if (!this.#issued.has(fingerprint(token)))
        this.#witness.complain(`torn: Schwab never issued ${fingerprint(token)}`);
    }
    this.#seen.clear();
  }
}

/** What the readers of one receiver were told, over its lives: each life is a process. */
export class Generations {
  readonly #witness: Witness;
  readonly #lives = new Map<number, { newest: number; readonly tokens: Map<number, string> }>();

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  /** The newest that anybody was told; a question that is asked now must not be answered with an older one. */
  newest(pid: number): number {
    return this.#lives.get(pid)?.newest ?? 0;
  }

  judge(
    pid: number,
    { generation, token }: { generation: number; token: string },
    atLeast: number,
    where: string,
  ): void {
    const life = this.#lives.get(pid) ?? { newest: 0, tokens: new Map<number, string>() };
    this.#lives.set(pid, life);
    if (generation < atLeast) this.#witness.complain(`${where}: generation ${generation} after ${atLeast}`);
    const known = life.tokens.get(generation);
    if (known !== undefined && known !== token) {
      this.#witness.complain(
        `${where}: generation ${generation} is two tokens, ${fingerprint(known)} and ${fingerprint(token)}`,
      );
    }
    life.tokens.set(generation, token);
    life.newest = Math.max(life.newest, generation);
  }
}
