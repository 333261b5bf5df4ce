import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { isWhole } from './whole-request.ts';

/**
 * Which connections have had the head of their last answer. No later byte on them is answered, whether it is the rest of a request that
 * was answered before all of it had come, or is meant to look like another request.
 */
export class LastAnswers {
  readonly #connections = new WeakSet<Duplex>();

  /**
   * To be called before a head is written. An answer that does not wait for all of its request is the last: what is left of that could be
   * anything.
   * @param isLast whatever has come
   */
  giving(response: ServerResponse, isLast = false): void {
    const { req: request } = response;
    if (!isLast && isWhole(request)) return;
    response.shouldKeepAlive = false;
    this.#connections.add(request.socket);
  }

  has(socket: Duplex): boolean {
    return this.#connections.has(socket);
  }
}
