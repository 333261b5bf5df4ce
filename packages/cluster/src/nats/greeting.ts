/** Whether a server says anything at all. */
import { connect } from 'node:net';

/**
 * Resolves when the server greets, as NATS does first of all (`INFO {…}`); rejects with what node:net says, or ETIMEDOUT. The
 * client leaves its socket open when a server takes a connection and then says nothing, and it is tried again for ever.
 * @param server `HOST:PORT`
 */
export function awaitGreeting(server: string, timeoutMs: number): Promise<void> {
  const colon = server.lastIndexOf(':');
  const host = server.slice(0, colon).replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(server.slice(colon + 1)) });
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = setTimeout(() => end(withCode('it says nothing', 'ETIMEDOUT')), timeoutMs);
    socket.once('data', () => end());
    socket.once('error', end);
    socket.once('close', () => end(withCode('it hung up', 'ECONNRESET')));
  });
}

function withCode(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
