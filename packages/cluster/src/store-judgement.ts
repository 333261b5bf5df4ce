/** What is known of the store, and whether it can be used: by what it tells of itself, by what it holds, and by how long a lease lives in it. */
import { leaseProblem } from './lease-problem.ts';
import type { Membership } from './membership.ts';
import type { StoreFault } from './store.ts';

const NOT_YET: StoreFault = { kind: 'away', reason: 'not connected yet' };

export interface StoreJudgementOptions {
  /** Why what the store holds cannot be used, for people. */
  readonly contentProblem: () => string | undefined;
  /** The longest that a request to Schwab can take. */
  readonly requestMs: () => number;
}

export class StoreJudgement {
  readonly #options: StoreJudgementOptions;
  #fault: StoreFault | undefined = NOT_YET;
  #leaseLifeMs = 0;
  #server: string | undefined;

  constructor(options: StoreJudgementOptions) {
    this.#options = options;
  }

  /** As the store has it; 0: not known yet. */
  get leaseLifeMs(): number {
    return this.#leaseLifeMs;
  }

  /** The one that was reached last. */
  get server(): string | undefined {
    return this.#server;
  }

  /** Whether it was reached, or is known to be away. */
  isKnown(): boolean {
    return this.#fault !== NOT_YET;
  }

  reached(server: string): void {
    this.#server = server;
  }

  /** What it holds was looked at. */
  isUp(leaseLifeMs: number): void {
    this.#leaseLifeMs = leaseLifeMs;
    this.#fault = undefined;
  }

  failed(fault: StoreFault): void {
    this.#fault = fault;
  }

  link(): Membership['link'] {
    if (this.#fault !== undefined) return this.#fault.kind;
    return this.#unusable() === undefined ? 'up' : 'unusable';
  }

  /** Whether it is there, and what it holds, or how long a lease lives there, is all that is wrong with it. */
  isThereButUnusable(): boolean {
    return this.#unusable() !== undefined;
  }

  /** Why it cannot be used, for people. */
  problem(): string | undefined {
    const unusable = this.#unusable();
    return unusable === undefined ? this.#fault?.reason : `${this.#server ?? 'the store'}: ${unusable}`;
  }

  /** Why what is there cannot be used. */
  #unusable(): string | undefined {
    if (this.#fault !== undefined) return undefined;
    return this.#options.contentProblem() ?? leaseProblem(this.#leaseLifeMs, this.#options.requestMs());
  }
}
