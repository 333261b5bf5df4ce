/** Clients that send bytes as they are, over a Unix socket, TCP or TLS. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Where a daemon listens. */
export interface Place {
  readonly unix?: string;
  readonly port?: number;
  readonly isTls?: boolean;
}

export function open({ unix, port = 0, isTls = false }: Place): Socket {
  const socket =
    unix !== undefined
      ? connect(unix)
      : isTls
        ? connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
        : connect(port, '127.0.0.1');
  // Whatever ends the connection is seen as its end.
  return socket.on('error', () => undefined);
}

export interface Said {
  /** All that came, as latin1. */
  readonly text: string;
  /** Whether the other side closed. */
  readonly isClosed: boolean;
}

/** Sends, and resolves with what came when the other side has closed, or nothing more has come for so long. */
export async function exchange(place: Place, bytes: string | readonly string[], quietMs = 300): Promise<Said> {
  const socket = open(place);
  let text = '';
  let isClosed = false;
  const ended = Promise.withResolvers<undefined>();
  const quiet = setTimeout(() => ended.resolve(undefined), 10_000);
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
    // What is still to come would follow at once.
    quiet.refresh();
    setTimeout(() => ended.resolve(undefined), quietMs);
  });
  socket.on('close', () => {
    isClosed = true;
    ended.resolve(undefined);
  });
  if (typeof bytes === 'string') socket.write(bytes, 'latin1');
  else {
    await once(socket, 'connect').catch(() => undefined);
    for (const part of bytes) await new Promise((resolve) => socket.write(part, 'latin1', resolve));
  }
  await ended.promise;
  clearTimeout(quiet);
  socket.destroy();
  return { text, isClosed };
}

/** The status of each answer, in order. */
export function statuses({ text }: Said): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
}
