/** The held token as those see it who hand it out: history, freshness, and the news of both. */
import { sleepUntil, type Log } from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import { judgeFreshness, type FreshnessVerdict } from './freshness.ts';
import { RECOVERED_WORDS, staleWords } from './freshness-words.ts';
import type { Freshness, HistoryEntry, TokenHolding } from './held.ts';
import { TokenHistory } from './history.ts';
import { Listeners } from './listeners.ts';
import { formatState, stateEntry, type HeldState } from './state-text.ts';

/** What a TokenReceiver is to its holder. */
export interface TokenSource {
  getLatestToken(): HeldToken | undefined;
  onToken(callback: (held: HeldToken) => void): () => void;
}

export interface TokenHolderOptions {
  readonly receiver: TokenSource;
  readonly log: Log;
  readonly staleAfterMs: number;
  readonly historySize: number;
  /** what an earlier process held; its token is the receiver's to go on from */
  readonly restored?: HeldState | undefined;
  /** Epoch milliseconds; default Date.now. */
  readonly nowMs?: () => number;
}

export class TokenHolder implements TokenHolding {
  readonly #options: TokenHolderOptions;
  readonly #nowMs: () => number;
  readonly #history: TokenHistory;
  readonly #tokenListeners: Listeners<HeldToken>;
  readonly #freshnessListeners: Listeners<'stale' | 'recovered'>;
  readonly #endListening: () => void;
  /** Since when there has been no news, and of which token that is said. */
  #news: { held: HeldToken | undefined; atMs: number };
  #mood: FreshnessVerdict['mood'] = 'waiting';
  #isWatching = false;
  /** What the watch sleeps for, while it does. */
  #nap: { dueAtMs: number; wake: AbortController } | undefined;
  #isLookDue = false;
  #lastGeneration: number;

  constructor(options: TokenHolderOptions) {
    const { receiver, log, restored, historySize, nowMs = Date.now } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#history = new TokenHistory(historySize, restored?.history, restored?.refreshFingerprint);
    this.#tokenListeners = new Listeners('new tokens', log);
    this.#freshnessListeners = new Listeners('the freshness of the token', log);
    this.#news = { held: undefined, atMs: nowMs() };
    this.#lastGeneration = restored?.generation ?? 0;
    this.#endListening = receiver.onToken((held) => this.#received(held));
  }

  /** Begins to watch the clock; call it when the listeners are there. A restored token may be stale at once. */
  start(): void {
    this.#isWatching = true;
    this.#look();
  }

  stop(): void {
    this.#endListening();
    this.#isWatching = false;
    this.#sleep(undefined);
  }

  latest(): HeldToken | undefined {
    return this.#options.receiver.getLatestToken();
  }

  freshness(): Freshness {
    const { freshness, mood } = this.#judge();
    // Whoever asks may be the first to see that the clock was moved.
    if (mood !== 'waiting' && mood !== this.#mood) this.#lookSoon();
    return freshness;
  }

  history(): readonly HistoryEntry[] {
    return this.#history.entries();
  }

  onToken(listener: (held: HeldToken) => void): () => void {
    return this.#tokenListeners.add(listener);
  }

  onFreshness(listener: (change: 'stale' | 'recovered') => void): () => void {
    return this.#freshnessListeners.add(listener);
  }

  /** What freshness it has, in words, for a notice to a person. */
  words(): string {
    return staleWords(this.#judge().freshness, this.#nowMs() - this.#news.atMs);
  }

  /** What the next process needs, as the text of a state file. Without the token where it must not be written. */
  stateText(withToken: boolean): string {
    const held = this.latest();
    const { refreshFingerprint } = this.#history;
    return formatState(
      {
        generation: held?.generation ?? this.#lastGeneration,
        ...(held === undefined || !withToken ? {} : { held }),
        ...(refreshFingerprint === undefined ? {} : { refreshFingerprint }),
      },
      this.#history.json(stateEntry),
    );
  }

  #received(held: HeldToken): void {
    const { refreshToken } = held.message;
    const kept = refreshToken === undefined ? held : withoutRefreshToken(held);
    this.#history.add(kept, refreshToken);
    this.#lastGeneration = held.generation;
    this.#tokenListeners.tell(kept);
    if (!this.#isWatching) return;
    // A change is told of after all who are told of the token.
    const { mood, changesAtMs } = this.#judge();
    if (mood === this.#mood) this.#sleep(changesAtMs);
    else this.#lookSoon();
  }

  #judge(): FreshnessVerdict {
    const held = this.latest();
    const nowMs = this.#nowMs();
    if (held !== this.#news.held) this.#news = { held, atMs: held?.receivedAtMs ?? nowMs };
    // The clock was set back: what came "later" than now is news of this moment.
    if (nowMs < this.#news.atMs) this.#news.atMs = nowMs;
    return judgeFreshness({
      held: held && { receivedAtMs: held.receivedAtMs, expiresAtMs: held.message.expiresAtMs },
      newsAtMs: this.#news.atMs,
      nowMs,
      staleAfterMs: this.#options.staleAfterMs,
    });
  }

  /** Not in the midst of what is being asked, and once for all who ask in one turn of the event loop. */
  #lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    setImmediate(() => {
      this.#isLookDue = false;
      this.#look();
    });
  }

  /** Tells of a change, and sees to it that somebody looks again when there is another to be expected. */
  #look(): void {
    if (!this.#isWatching) return;
    const { mood, freshness, changesAtMs } = this.#judge();
    const before = this.#mood;
    if (mood !== 'waiting') this.#mood = mood;
    if (mood === 'stale' && before !== 'stale') {
      this.#options.log.warn(staleWords(freshness, this.#nowMs() - this.#news.atMs));
      this.#freshnessListeners.tell('stale');
    } else if (mood === 'fresh' && before === 'stale') {
      this.#options.log.info(RECOVERED_WORDS);
      this.#freshnessListeners.tell('recovered');
    }
    this.#sleep(changesAtMs);
  }

  /** A nap that ends too early costs nothing, so that a stream of new tokens does not set a timer for each. */
  #sleep(untilMs: number | undefined): void {
    if (untilMs === undefined) {
      this.#nap?.wake.abort();
      this.#nap = undefined;
      return;
    }
    if (this.#nap !== undefined) {
      if (this.#nap.dueAtMs <= untilMs) return;
      this.#nap.wake.abort();
    }
    const nap = { dueAtMs: untilMs, wake: new AbortController() };
    this.#nap = nap;
    void this.#doze(nap);
  }

  async #doze(nap: { dueAtMs: number; wake: AbortController }): Promise<void> {
    const end = await sleepUntil(nap.dueAtMs, {
      signal: nap.wake.signal,
      nowMs: this.#nowMs,
      // The clock may have been set back meanwhile.
      onPiece: () => this.#judgeAgain(nap),
    });
    if (end === 'aborted' || this.#nap !== nap) return;
    this.#nap = undefined;
    this.#look();
  }

  #judgeAgain(nap: { dueAtMs: number; wake: AbortController }): void {
    const { changesAtMs, mood } = this.#judge();
    if (mood !== this.#mood || changesAtMs === undefined || changesAtMs < nap.dueAtMs) this.#lookSoon();
  }
}

function withoutRefreshToken({ message, generation, receivedAtMs, from, peer }: HeldToken): HeldToken {
  const { accessToken, expiresAtMs } = message;
  return {
    message: expiresAtMs === undefined ? { accessToken } : { accessToken, expiresAtMs },
    generation,
    receivedAtMs,
    from,
    ...(peer === undefined ? {} : { peer }),
  };
}
