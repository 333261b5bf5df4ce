/** The watchdog's food: the receiver connects to its own socket, and only a connection that it has accepted feeds the dog. */
import { onTick, type Log, type Systemd } from '@token-relay/daemon';
import { connect, type Server, type Socket } from 'node:net';

export interface SelfCheckOptions {
  readonly socketPath: string;
  /** What listens there. */
  readonly server: Server;
  readonly log: Log;
  /** Whether another program has removed the socket: then it is made again, or somebody else's to make, and a restart would not help. */
  readonly isSocketLost: () => boolean;
}

/**
 * Feeds systemd's watchdog as often as it wants, if the receiver accepts connections, until the signal aborts. The connect alone proves nothing:
 * the system lets connections wait, whether anybody accepts them or not. Nothing is asked over it: a daemon that does nothing else would be woken
 * up several times by each request, by its deadlines and by V8, and what an answer takes beyond that is no more than a constant.
 *
 * One that finds all places taken is accepted too, if only to be closed: those who only connect must not have the receiver restarted.
 */
export function feedWatchdogWhileAccepting(
  watchdog: Systemd['watchdog'],
  { socketPath, server, log, isSocketLost }: SelfCheckOptions,
  signal: AbortSignal,
): void {
  const { intervalMs, pet } = watchdog;
  if (intervalMs === undefined || signal.aborted) return;
  let waiting: Socket | undefined;
  const end = (): void => {
    waiting?.destroy();
    waiting = undefined;
  };
  // Whoever's connection it is.
  const accepted = (): void => {
    if (waiting === undefined) return;
    end();
    pet();
  };
  const failed = (why: string): void => {
    end();
    if (isSocketLost()) pet();
    else log.warn(why);
  };
  const look = (): void => {
    if (waiting !== undefined) failed(`The receiver does not accept its own connection to ${socketPath}`);
    const socket = connect(socketPath);
    waiting = socket;
    socket.on('error', (error) => {
      if (waiting === socket) failed(`The receiver cannot connect to itself: ${error.message}`);
    });
  };
  server.on('connection', accepted).on('drop', accepted);
  signal.addEventListener(
    'abort',
    () => {
      server.off('connection', accepted).off('drop', accepted);
      end();
    },
    { once: true },
  );
  onTick(look, signal, intervalMs);
  look();
}
