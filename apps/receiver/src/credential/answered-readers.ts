import type { Socket } from 'node:net';

/** For a reader to take its answer and to close. */
const READ_DEADLINE_MS = 30_000;

/**
 * Readers that have their answer and have not closed yet. One that does not read, or does not close, is not waited for; and for
 * one more than `most`, the first is closed. What the system has taken for a reader can still be read then.
 */
export class AnsweredReaders {
  readonly #most: number;
  // In the order in which they were answered.
  readonly #open = new Set<Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    const [first] = this.#open;
    if (first !== undefined && this.#open.size >= this.#most) {
      this.#open.delete(first);
      first.destroy();
    }
    this.#open.add(socket);
    const deadline = setTimeout(() => socket.destroy(), READ_DEADLINE_MS);
    socket.on('close', () => {
      clearTimeout(deadline);
      this.#open.delete(socket);
    });
  }
}
