import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** So many are closed before everything else has a turn. */
const AT_A_TIME = 64;

/**
 * Closes connections whose first request does not come in time. node:http would do that too, but all that are late at once: with thousands,
 * nothing else would be done for some tenths of a second.
 *
 * @param close called for each
 */
export function limitSilence(
  server: Server,
  limitMs: number,
  close: (socket: Socket) => void,
): { readonly hasAsked: (socket: Socket) => void } {
  // In the order in which they came, with the running time at which they are late.
  const silent = new Map<Socket, number>();
  let isWatching = false;
  function forget(this: Socket): void {
    silent.delete(this);
  }
  function watch(): void {
    let count = 0;
    for (const [socket, lateAtMs] of silent) {
      const leftMs = lateAtMs - performance.now();
      if (leftMs > 0) {
        setTimeout(watch, leftMs).unref();
        return;
      }
      if ((count += 1) > AT_A_TIME) {
        setImmediate(watch);
        return;
      }
      silent.delete(socket);
      close(socket);
    }
    isWatching = false;
  }
  server.on('connection', (socket: Socket) => {
    silent.set(socket, performance.now() + limitMs);
    socket.on('close', forget);
    if (isWatching) return;
    isWatching = true;
    setTimeout(watch, limitMs).unref();
  });
  return {
    hasAsked: (socket) => {
      if (silent.size > 0) silent.delete(socket);
    },
  };
}
