/** What the log says of the tokens that come. */
import { LineBudget, type Log, type ShownInstead } from '@token-relay/daemon';
import type { ReceivedToken } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import { printable } from './commands/words.ts';
import { expiryWords, notationWords } from './received-words.ts';

export class ReceivedLog {
  readonly #log: Log;
  readonly #hideSecret: (secret: string, as: ShownInstead) => void;
  readonly #budget = new LineBudget(Date.now());

  constructor(log: Log, hideSecret: (secret: string, as: ShownInstead) => void) {
    this.#log = log;
    this.#hideSecret = hideSecret;
  }

  /** @param nowMs epoch milliseconds */
  add({ message, generation, from, peer, expiryNotation }: ReceivedToken, nowMs: number): void {
    const skipped = this.#budget.take(nowMs);
    if (skipped === undefined) return;
    const { accessToken, refreshToken } = message;
    const token = fingerprint(accessToken);
    this.#hideSecret(accessToken, `(token ${token})`);
    if (refreshToken !== undefined) this.#hideSecret(refreshToken, () => `(token ${fingerprint(refreshToken)})`);
    const way = peer === undefined ? `over ${from}` : `over ${from} from ${printable(peer)}`;
    const others = skipped === 0 ? '' : `; ${skipped} more since the last line`;
    const expiry = expiryWords(message.expiresAtMs, nowMs);
    const text = `Token received ${way} (generation ${generation}, ${expiry.text}${notationWords(expiryNotation)}${others})`;
    this.#log[expiry.odd ? 'warn' : 'info'](text, { generation, token });
  }
}
