/** The sockets that are opened while something is tried, so that none is left over when it fails. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';

const attempt = new AsyncLocalStorage<Set<Socket>>();

/**
 * Runs `open`, and destroys the sockets that it has opened if it rejects: the client of NATS leaves one behind when a server
 * takes a connection and then says nothing, and a server is tried again for ever.
 */
export async function withoutLeftovers<Result>(open: () => Promise<Result>): Promise<Result> {
  const sockets = new Set<Socket>();
  // Only what is opened on behalf of this attempt (diagnostics_channel: `net.client.socket`).
  const note = (message: unknown): void => {
    const made = typeof message === 'object' && message !== null && 'socket' in message ? message.socket : undefined;
    if (made instanceof Socket) attempt.getStore()?.add(made);
  };
  subscribe('net.client.socket', note);
  try {
    return await attempt.run(sockets, open);
  } catch (error) {
    for (const socket of sockets) socket.destroy();
    throw error;
  } finally {
    unsubscribe('net.client.socket', note);
  }
}
