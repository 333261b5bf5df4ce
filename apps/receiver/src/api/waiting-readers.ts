/** Readers who wait for a token that they do not have. */
import type { RouteAnswer } from '@token-relay/daemon';
import { problemOf } from '@token-relay/daemon';
import { STOPPING, TOO_MANY_WAITING } from './api-problems.ts';
import { Turns } from './turns.ts';

export interface Wait {
  readonly waitMs: number;
  /** Aborted when the reader goes away. */
  readonly signal: AbortSignal;
  /** The answer, once there is a token to answer with. */
  readonly ready: () => RouteAnswer | undefined;
  /** The answer when none came in time. */
  readonly late: () => RouteAnswer;
}

interface Waiter {
  readonly wait: Wait;
  readonly settle: (answer: RouteAnswer) => void;
}

export class WaitingReaders {
  readonly #max: number;
  readonly #turns = new Turns<Waiter>(({ wait, settle }) => {
    const answer = wait.ready();
    if (answer !== undefined) settle(answer);
  });
  #isStopping = false;

  /** @param max one more is answered with 503 `too_many_waiting` */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#turns.size;
  }

  /** Resolves with the answer; when the reader has gone, with one that nobody reads. */
  add(wait: Wait): Promise<RouteAnswer> | RouteAnswer {
    if (this.#isStopping) return problemOf(STOPPING);
    if (this.#turns.size >= this.#max) return problemOf(TOO_MANY_WAITING, `At most ${this.#max} wait at a time`);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        wait,
        settle: (answer) => {
          clearTimeout(timer);
          wait.signal.removeEventListener('abort', leave);
          this.#turns.delete(waiter);
          resolve(answer);
        },
      };
      const leave = () => waiter.settle(wait.late());
      const timer = setTimeout(leave, wait.waitMs);
      wait.signal.addEventListener('abort', leave);
      this.#turns.add(waiter);
      if (wait.signal.aborted) leave();
    });
  }

  /** To be called when there is a new token. */
  look(): void {
    this.#turns.start();
  }

  /** Answers them all: they can ask again when the receiver runs again. */
  stop(): void {
    this.#isStopping = true;
    for (const { settle } of this.#turns.clear()) settle(problemOf(STOPPING));
  }
}
