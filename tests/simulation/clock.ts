/**
 * Four clocks in one: true time, by which Schwab goes; running time, which stands while the machine is suspended; the boot
 * clock, which goes on then; and the wall clock, which somebody may set. Timers count running time, as those of Node do.
 */

import { PIECE_MS } from './bounds.ts';

/** Where the month begins: epoch milliseconds. */
export const START_MS = 1_762_983_055_000;
/** More turns in a row than any honest loop takes without waiting. */
const SPIN_LIMIT = 200;

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly wakeUp: () => void;
  isOver: boolean;
}

export class SimulatedClock {
  #runningMs = 0;
  #suspendedMs = 0;
  #wallOffsetMs = 0;
  #order = 0;
  #turns = 0;
  readonly #timers: Timer[] = [];
  readonly #sleepers = new WeakMap<AbortSignal, { wakeUp: (() => void) | undefined }>();

  readonly runningMs = (): number => this.#runningMs;
  readonly bootMs = (): number => this.#runningMs + this.#suspendedMs;
  readonly trueMs = (): number => START_MS + this.#runningMs + this.#suspendedMs;
  readonly wallMs = (): number => START_MS + this.#runningMs + this.#suspendedMs + this.#wallOffsetMs;

  get wallOffsetMs(): number {
    return this.#wallOffsetMs;
  }

  /** Calls back after so much running time; returns what forgets it. */
  readonly after = (ms: number, wakeUp: () => void): (() => void) => {
    const timer: Timer = { atMs: this.#runningMs + Math.max(0, ms), order: this.#order++, wakeUp, isOver: false };
    this.#push(timer);
    return () => {
      timer.isOver = true;
    };
  };

  /** As the sender's own: resolves after so much running time, or as soon as the signal aborts; a whole piece ends with the tick. */
  readonly pause = (ms: number, signal: AbortSignal): Promise<void> => {
    this.#turns += 1;
    if (this.#turns > SPIN_LIMIT) throw new Error(`it spins: ${SPIN_LIMIT} waits, and no time has passed`);
    if (ms <= 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      let sleeper = this.#sleepers.get(signal);
      if (sleeper === undefined) {
        const fresh: { wakeUp: (() => void) | undefined } = { wakeUp: undefined };
        sleeper = fresh;
        this.#sleepers.set(signal, sleeper);
        signal.addEventListener('abort', () => fresh.wakeUp?.(), { once: true });
      }
      const forget = this.after(ms < PIECE_MS ? ms : PIECE_MS - (this.#runningMs % PIECE_MS), resolve);
      sleeper.wakeUp = () => {
        forget();
        resolve();
      };
    });
  };

  /** When the next timer rings, in true time; Infinity if none is set. */
  nextTrueMs(): number {
    for (let first = this.#timers[0]; first !== undefined; first = this.#timers[0]) {
      if (!first.isOver) return START_MS + this.#suspendedMs + first.atMs;
      this.#pop();
    }
    return Infinity;
  }

  /** Moves on to a moment of true time that is not after the next timer. */
  advanceTo(trueMs: number): void {
    const runningMs = trueMs - START_MS - this.#suspendedMs;
    if (runningMs <= this.#runningMs) return;
    this.#runningMs = runningMs;
    this.#turns = 0;
  }

  /** Rings the next timer, if it is due. */
  ring(): void {
    const first = this.#timers[0];
    if (first === undefined || first.atMs > this.#runningMs) return;
    this.#pop();
    if (!first.isOver) first.wakeUp();
  }

  suspend(ms: number): void {
    this.#suspendedMs += ms;
  }

  setWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  #push(timer: Timer): void {
    const timers = this.#timers;
    let at = timers.length;
    timers.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = timers[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      timers[at] = parent;
      at = above;
    }
    timers[at] = timer;
  }

  #pop(): void {
    const timers = this.#timers;
    const last = timers.pop();
    if (last === undefined || timers.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [one, other] = [timers[left], timers[left + 1]];
      if (one === undefined) break;
      const child = other !== undefined && isBefore(other, one) ? other : one;
      if (isBefore(last, child)) break;
      timers[at] = child;
      at = child === one ? left : left + 1;
    }
    timers[at] = last;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** Resolves when promises have nothing more to do: a tick comes after the last microtask, and nothing else is at work here. */
export function settle(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
