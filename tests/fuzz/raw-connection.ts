/** The client's end of one connection: bytes as they are, in pieces, ended or torn off. */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { FuzzFinding } from './target.ts';

/** How the client ends its side when all is sent. */
export type Ending = 'half_close' | 'wait' | 'reset';

export interface Sending {
  readonly to: NetConnectOpts;
  readonly pieces: readonly Uint8Array[];
  readonly ending: Ending;
}

/** Far more than any server here takes to close. */
const CLOSE_WITHIN_MS = 20_000;
/** Enough for every answer; an endless stream is left then. */
const MAX_ANSWER_BYTES = 4 * 1024 ** 2;

/** Sends the pieces a turn apart, and resolves when the connection is closed, with all that came. */
export async function converse({ to, pieces, ending }: Sending, onSent?: (socket: Socket) => void): Promise<Buffer> {
  const socket = connect({ ...to, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) socket.destroy();
  });
  // A server that has heard enough may close while we still send.
  socket.on('error', () => undefined);
  socket.on('end', () => socket.end());
  const closed = new Promise<undefined>((resolve) => socket.once('close', () => resolve(undefined)));
  for (const piece of pieces) {
    if (socket.destroyed || !socket.writable) break;
    socket.write(piece);
    await turn();
  }
  if (ending === 'half_close') socket.end();
  // A Unix socket has no reset: the server's end finds out when it writes.
  if (ending === 'reset' && 'port' in to) socket.resetAndDestroy();
  else if (ending === 'reset') socket.destroy();
  if (!socket.destroyed) onSent?.(socket);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), CLOSE_WITHIN_MS);
  });
  try {
    if ((await Promise.race([closed, late])) === 'late') {
      throw new FuzzFinding('hang', `the server has not closed the connection within ${CLOSE_WITHIN_MS / 1_000} s`);
    }
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  return Buffer.concat(chunks);
}

function turn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}
