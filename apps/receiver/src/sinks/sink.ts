/** One sink: a file that always holds the newest token. */
import type { Log } from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import { removeStaleTemporaries, saveAtomically, TokenError } from '@token-relay/tokens';
import { NewestWriter, type WriteOutcome, type WriterReport } from '../holding/newest-writer.ts';
import { presentFile } from './present-file.ts';
import { saveProblem } from './save-obstacle.ts';
import type { SinkConfig } from './sink-settings.ts';
import { sinkText } from './sink-text.ts';

export interface SinkReport extends WriterReport {
  readonly path: string;
  readonly format: SinkConfig['format'];
}

/** Nothing here delays anybody else: what cannot be written waits for better times, or for a newer token. */
export class Sink {
  readonly config: SinkConfig;
  readonly #writer: NewestWriter<HeldToken>;
  #isTidied = false;

  constructor(config: SinkConfig, log: Log) {
    this.config = config;
    const { path } = config;
    this.#writer = new NewestWriter({
      write: (held) => this.#write(held),
      onFailing: (reason) => log.warn(`Sink: ${reason}. Trying until it works`, { sink: path }),
      onRecovered: () => log.info(`Sink: ${path} is written again`, { sink: path }),
    });
  }

  put(held: HeldToken): void {
    this.#writer.put(held);
  }

  report(): SinkReport {
    const { path, format } = this.config;
    return { path, format, ...this.#writer.report() };
  }

  /** Makes one more attempt for what is not written; resolves within two seconds. */
  close(): Promise<void> {
    return this.#writer.close();
  }

  async #write(held: HeldToken): Promise<WriteOutcome> {
    const { path, format, mode, uid, gid } = this.config;
    // What a killed process left of a save holds a token.
    if (!this.#isTidied) await removeStaleTemporaries(path);
    this.#isTidied = true;
    const text = sinkText(held, format);
    const present = await presentFile(this.config, text);
    if (present.kind === 'same') return { kind: 'unchanged' };
    if (present.kind === 'not_ours') return { kind: 'failed', reason: present.reason };
    try {
      const owner = { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
      await saveAtomically(path, text, { mode, ...owner });
      return { kind: 'written' };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return { kind: 'failed', reason: await saveProblem(path, error) };
    }
  }
}
