/** What comes to the token socket, in the log and in numbers: tokens, messages that were refused, peers that were turned away. */
import { logSocketNews, type Log, type ShownInstead } from '@token-relay/daemon';
import type { HeldToken, TokenReceiver } from '@token-relay/socket';
import { PeerRefusalLog } from './peer-refusal-log.ts';
import { ReceivedLog } from './received-log.ts';
import { RefusalLog } from './refusal-log.ts';

export interface IntakeLogOptions {
  readonly log: Log;
  readonly hideSecret: (secret: string, as: ShownInstead) => void;
  readonly unixSocketPath: string;
  /** Called when a message was refused. */
  readonly onRejected: () => void;
}

export class IntakeLog {
  /** Tokens accepted since the start, by the way in. */
  readonly received: Partial<Record<HeldToken['from'], number>> = {};
  readonly #refusals: RefusalLog;
  readonly #peers: PeerRefusalLog;

  constructor(receiver: TokenReceiver, { log, hideSecret, unixSocketPath, onRejected }: IntakeLogOptions) {
    this.#refusals = new RefusalLog(log);
    this.#peers = new PeerRefusalLog(log);
    const lines = new ReceivedLog(log, hideSecret);
    receiver.onToken((held) => {
      this.received[held.from] = (this.received[held.from] ?? 0) + 1;
      lines.add(held, Date.now());
    });
    receiver.onRejected((rejection) => {
      this.#refusals.add(rejection, Date.now());
      onRejected();
    });
    receiver.onSocketNews(logSocketNews(log, unixSocketPath));
    receiver.onPeerRefused((refusal) => this.#peers.add(refusal));
  }

  /** Messages refused since the start, by code. */
  get rejected(): Readonly<Record<string, number>> {
    return this.#refusals.counts;
  }

  /** TLS clients turned away since the start, by code. */
  get peersRefused(): PeerRefusalLog['counts'] {
    return this.#peers.counts;
  }

  /** Both, as the status counts them. */
  allRefused(): Record<string, number> {
    const ofPeers = Object.entries(this.#peers.counts).map(([code, count]) => [`tls_${code}`, count] as const);
    return { ...this.#refusals.counts, ...Object.fromEntries(ofPeers) };
  }

  /** With new certificates of ours, whom they turn away is said anew. */
  certificatesChanged(): void {
    this.#peers.forget();
  }
}
