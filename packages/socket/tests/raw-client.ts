import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A connection on which a test can say anything. It is gone when the test is over. */
export function rawClient(where: string | NetConnectOpts): Socket {
  const socket = connect(typeof where === 'string' ? { path: where, allowHalfOpen: true } : where);
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** All that the peer says until it ends its side. */
export function replyOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('end', () => resolve(text));
    socket.on('close', () => resolve(text));
  });
}

/** Sends these bytes, ends its side only if asked to, and gives the whole reply. */
export async function exchange(
  where: string | NetConnectOpts,
  message: string | Uint8Array,
  options: { end?: boolean } = {},
): Promise<string> {
  const socket = rawClient(where);
  const reply = replyOn(socket);
  if (options.end) socket.end(message);
  else socket.write(message);
  const text = await reply;
  socket.destroy();
  return text;
}

export function jsonMessage(accessToken: string, expiresAt = 4_000_000_000): string {
  return JSON.stringify({ access_token: accessToken, refresh_token: 'made-up-refresh', expires_at: expiresAt });
}
