/** Never two leaders while clocks run alike, and never none for long while there is a host that could lead. */
import { TIMES } from './host-process.ts';

/**
 * A lease that nobody keeps ends and is taken (a life and a tenth); who stepped down stands aside (two lives); who was not
 * told reads (a minute), and whom that makes wait for another waits once more.
 */
export const SETTLED_WITHIN_MS: number = 3 * TIMES.leaseLifeMs + 2 * 60_000;

export interface Candidate {
  readonly name: string;
  readonly isLeading: boolean;
  /** It runs, reaches the store in good time, and follows. */
  readonly couldLead: boolean;
}

export class Leadership {
  #ledAtMs = 0;
  readonly #ableSinceMs = new Map<string, number>();

  /** @returns what is wrong */
  look(candidates: readonly Candidate[], mayBeTwo: boolean, nowMs: number): string | undefined {
    const leaders = candidates.filter(({ isLeading }) => isLeading).map(({ name }) => name);
    if (leaders.length > 0) this.#ledAtMs = nowMs;
    for (const { name, couldLead } of candidates) {
      if (!couldLead) this.#ableSinceMs.delete(name);
      else if (!this.#ableSinceMs.has(name)) this.#ableSinceMs.set(name, nowMs);
    }
    if (leaders.length > 1 && !mayBeTwo) return `${leaders.join(' and ')} lead at once`;
    const idle = [...this.#ableSinceMs].find(
      ([, sinceMs]) => nowMs - Math.max(sinceMs, this.#ledAtMs) > SETTLED_WITHIN_MS,
    );
    return idle === undefined ? undefined : `nobody leads, and ${idle[0]} could`;
  }
}
