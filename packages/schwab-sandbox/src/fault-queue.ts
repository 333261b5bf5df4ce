import { SandboxError } from './errors.ts';
import type { Fault, FaultTimes } from './faults.ts';

const maxWaiting = 1000;

/** Faults in the order in which they were asked for; each answer takes one. */
export class FaultQueue {
  readonly #waiting: { fault: Fault; left: number }[] = [];

  /** Throws SandboxError `bad_fault` when too many wait. */
  add(fault: Fault, times: FaultTimes): void {
    if (this.#waiting.length >= maxWaiting) {
      throw new SandboxError('bad_fault', `${maxWaiting} faults wait already: clear them first.`);
    }
    this.#waiting.push({ fault, left: times === 'always' ? Infinity : times });
  }

  take(): Fault | undefined {
    const first = this.#waiting[0];
    if (first === undefined) return undefined;
    first.left -= 1;
    if (first.left <= 0) this.#waiting.shift();
    return first.fault;
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  get waitingKinds(): Fault['kind'][] {
    return this.#waiting.map(({ fault }) => fault.kind);
  }
}
