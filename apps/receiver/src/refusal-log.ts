/** Says what was refused, without letting a client that keeps sending nonsense fill the log. */
import type { Log } from '@token-relay/daemon';
import type { Rejection } from '@token-relay/socket';

/** The same refusal is a warning once in this time; in between it is only counted. */
const QUIET_MS = 60_000;

export class RefusalLog {
  readonly counts: Record<string, number> = {};
  readonly #log: Log;
  readonly #lastWarnedAtMs = new Map<Rejection['code'], number>();

  constructor(log: Log) {
    this.#log = log;
  }

  add({ code, detail, from }: Rejection, nowMs: number): void {
    this.counts[code] = (this.counts[code] ?? 0) + 1;
    const text = `A message over ${from} was refused (${code}): ${detail}`;
    const lastMs = this.#lastWarnedAtMs.get(code);
    // A client that is gone, or that only tried whether somebody listens, is nobody's problem.
    const harmless = code === 'connection_lost' || code === 'empty';
    if (harmless || (lastMs !== undefined && Math.abs(nowMs - lastMs) < QUIET_MS)) {
      this.#log.debug(text, { code, from });
      return;
    }
    this.#lastWarnedAtMs.set(code, nowMs);
    this.#log.warn(`${text}. More of the same within a minute are only counted.`, { code, from });
  }
}
