/** Between a process and the rest of the world: while it is frozen, all that comes in waits, and then comes at once. */
import type { MemoryStore } from '../../src/memory-store.ts';
import type { ClusterStore, StoreEvent } from '../../src/store.ts';
import type { JudgedHub } from './judged-hub.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** More waits in one moment than any honest loop begins. */
const SPIN_LIMIT = 500;

export class ProcessGate {
  readonly #clock: VirtualClock;
  readonly #onSpin: () => void;
  #backlog: (() => void)[] = [];
  #state: 'running' | 'frozen' | 'killed' = 'running';
  #isDeaf = false;
  #waits = { atMs: 0, count: 0 };

  constructor(clock: VirtualClock, onSpin: () => void) {
    this.#clock = clock;
    this.#onSpin = onSpin;
  }

  isFrozen(): boolean {
    return this.#state === 'frozen';
  }

  freeze(): void {
    if (this.#state === 'running') this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'running';
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const work of backlog) work();
  }

  /** Nothing comes in any more. */
  kill(): void {
    this.#state = 'killed';
  }

  /** Its watch goes silent, and nobody notices. */
  deafen(isDeaf: boolean): void {
    this.#isDeaf = isDeaf;
  }

  answer<Answer>(answer: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve) => {
      void answer.then((value) => this.#later(() => resolve(value)));
    });
  }

  pause(ms: number, signal: AbortSignal): Promise<void> {
    const atMs = this.#clock.nowMs();
    this.#waits = { atMs, count: this.#waits.atMs === atMs ? this.#waits.count + 1 : 1 };
    if (this.#waits.count > SPIN_LIMIT) {
      this.#onSpin();
      // So that the run ends at all.
      return new Promise(() => undefined);
    }
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const forget = this.#clock.after(ms, () => this.#later(resolve));
      signal.addEventListener('abort', () => {
        forget();
        resolve();
      });
    });
  }

  store(link: MemoryStore, hub: JudgedHub): ClusterStore {
    let readAfterWipes = 0;
    const told = (event: StoreEvent, onEvent: (event: StoreEvent) => void) => {
      const isTold = event.kind === 'tokens' || event.kind === 'lease';
      if (!(this.#isDeaf && isTold)) this.#later(() => onEvent(event));
    };
    return {
      follow: (onEvent, signal) => link.follow((event) => told(event, onEvent), signal),
      holdLease: (value, sequence) => this.answer(link.holdLease(value, sequence)),
      readLease: () => this.answer(link.readLease()),
      releaseLease: (sequence) => this.answer(link.releaseLease(sequence)),
      publish: (value, sequence) => {
        hub.judged(value, readAfterWipes);
        return this.answer(link.publish(value, sequence));
      },
      readTokens: async () => {
        const wipes = hub.wipes();
        const answer = await this.answer(link.readTokens());
        readAfterWipes = wipes;
        return answer;
      },
      beHere: (host, value) => this.answer(link.beHere(host, value)),
      leaseLifeMs: () => this.answer(link.leaseLifeMs()),
      hosts: () => this.answer(link.hosts()),
      nowMs: () => link.nowMs(),
    };
  }

  #later(work: () => void): void {
    if (this.#state === 'running') work();
    else if (this.#state === 'frozen') this.#backlog.push(work);
  }
}
