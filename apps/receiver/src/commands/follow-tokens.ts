/** Each new token that the receiver hands out, through its restarts. */
import { sleepUntil } from '@token-relay/daemon';
import type { AccessToken } from '@token-relay/client';
import { EventConnection } from '@token-relay/client/event-connection';
import { nextBackoff } from '@token-relay/protocol';

const BACKOFF = { baseMs: 100, capMs: 10_000 };

/** What ends a connection that lasted this long is a new trouble, and the next try comes soon. */
const GOOD_CONNECTION_MS = 10_000;

/** The longest that a timer can wait: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface FollowOptions {
  readonly socketPath: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** The token that is held, and then each new one; not again the one that was told last. */
  readonly onToken: (token: AccessToken) => void;
  /** Called once for each time without a connection, and again if it is for another reason than before. */
  readonly onTrouble: (message: string) => void;
}

/** Connects for as long as it takes, whatever is in the way. Resolves when the signal aborts; never rejects. */
export async function followTokens({ socketPath, signal, onToken, onTrouble }: FollowOptions): Promise<void> {
  // A connection does not keep the process alive.
  const alive = setInterval(() => undefined, MAX_TIMER_MS);
  let last: AccessToken | undefined;
  let saidCode: string | undefined;
  let attempts = 0;
  while (!signal.aborted) {
    const ended = await followOnce(socketPath, signal, {
      onOpen: () => (saidCode = undefined),
      onToken: (token) => {
        if (token.accessToken === last?.accessToken && token.expiresAtMs === last.expiresAtMs) return;
        last = token;
        onToken(token);
      },
    });
    if (ended === 'aborted') break;
    if (ended.code !== saidCode) onTrouble(ended.message);
    saidCode = ended.code;
    let delayMs: number;
    [delayMs, attempts] = nextBackoff(ended.lastedMs < GOOD_CONNECTION_MS ? attempts : 0, BACKOFF, Math.random);
    await sleepUntil(Date.now() + delayMs, { signal });
  }
  clearInterval(alive);
}

interface Ended {
  readonly code: string;
  readonly message: string;
  /** 0 if it never was of use */
  readonly lastedMs: number;
}

/** One connection, to its end. */
function followOnce(
  socketPath: string,
  signal: AbortSignal,
  { onOpen, onToken }: { readonly onOpen: () => void; readonly onToken: (token: AccessToken) => void },
): Promise<Ended | 'aborted'> {
  const { promise, resolve } = Promise.withResolvers<Ended | 'aborted'>();
  let openedAtMs: number | undefined;
  const connection = new EventConnection(socketPath, {
    onOpen: () => {
      openedAtMs = performance.now();
      onOpen();
    },
    onToken,
    onEnd: ({ code, message }) => {
      signal.removeEventListener('abort', onAbort);
      resolve({ code, message, lastedMs: openedAtMs === undefined ? 0 : performance.now() - openedAtMs });
    },
  });
  const onAbort = () => void connection.close().then(() => resolve('aborted'));
  signal.addEventListener('abort', onAbort);
  return promise;
}
