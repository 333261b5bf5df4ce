/** All sinks. */
import type { Log } from '@token-relay/daemon';
import type { TokenHolding } from '../holding/held.ts';
import { Sink, type SinkReport } from './sink.ts';
import type { SinkConfig } from './sink-settings.ts';

export interface SinksOptions {
  readonly configs: readonly SinkConfig[];
  readonly holding: Pick<TokenHolding, 'latest' | 'onToken'>;
  readonly log: Log;
}

export class Sinks {
  readonly #options: SinksOptions;
  readonly #endListening: () => void;
  #sinks: readonly Sink[] = [];
  #replacing: Promise<void> = Promise.resolve();

  /** A token that is held already is written, where the file does not say so yet. */
  constructor(options: SinksOptions) {
    this.#options = options;
    this.#sinks = options.configs.map((config) => this.#open(config));
    this.#endListening = options.holding.onToken((held) => {
      for (const sink of this.#sinks) sink.put(held);
    });
  }

  report(): readonly SinkReport[] {
    return this.#sinks.map((sink) => sink.report());
  }

  /**
   * Goes on with other sinks; those that stay as they are notice nothing. A file that is no longer a sink stays.
   * Resolves when the others have ended and the new ones have begun.
   */
  replace(configs: readonly SinkConfig[]): Promise<void> {
    this.#replacing = this.#replacing.then(() => this.#replaceNow(configs));
    return this.#replacing;
  }

  /** Makes one more attempt for what is not written; resolves within two seconds (four while sinks are being replaced). */
  async close(): Promise<void> {
    this.#endListening();
    await this.#replacing;
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }

  async #replaceNow(configs: readonly SinkConfig[]): Promise<void> {
    const kept = this.#sinks.filter((sink) => configs.some((config) => isSame(config, sink.config)));
    const ended = this.#sinks.filter((sink) => !kept.includes(sink));
    this.#sinks = kept;
    // A file with another form or mode is not written by two at the same time.
    await Promise.all(ended.map((sink) => sink.close()));
    this.#sinks = configs.map((config) => kept.find((sink) => isSame(config, sink.config)) ?? this.#open(config));
  }

  #open(config: SinkConfig): Sink {
    const { holding, log } = this.#options;
    const sink = new Sink(config, log);
    const held = holding.latest();
    if (held !== undefined) sink.put(held);
    return sink;
  }
}

function isSame(one: SinkConfig, other: SinkConfig): boolean {
  return (
    one.path === other.path &&
    one.format === other.format &&
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid
  );
}
