/** The open pages that follow along: server-sent events, each with the whole content, the newest only. */
import type { ServerResponse } from 'node:http';

const MAX_READERS = 8;
const HEARTBEAT_MS = 30_000;
/** Changes come in bursts: a refresh, a save, several deliveries. */
const GATHER_MS = 50;
/** Heartbeats that a reader may leave unread. */
const MAX_MISSED = 2;

interface Reader {
  readonly response: ServerResponse;
  isFull: boolean;
  hasMissed: boolean;
  missedHeartbeats: number;
}

export class LiveReaders {
  readonly #render: () => string;
  readonly #readers = new Set<Reader>();
  readonly #heartbeat: NodeJS.Timeout;
  #gathering: NodeJS.Timeout | undefined;

  /** @param render the newest content as the data of one event, in one line */
  constructor(render: () => string) {
    this.#render = render;
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  hasRoom(): boolean {
    return this.#readers.size < MAX_READERS;
  }

  /** Sends the content now, and again whenever it changes, until the browser goes away. The header must be written already. */
  add(response: ServerResponse): void {
    const reader: Reader = { response, isFull: false, hasMissed: false, missedHeartbeats: 0 };
    this.#readers.add(reader);
    response.on('close', () => this.#readers.delete(reader));
    response.on('error', () => undefined);
    response.on('drain', () => {
      reader.isFull = false;
      reader.missedHeartbeats = 0;
      if (reader.hasMissed) this.#send(reader, this.#event());
    });
    this.#send(reader, `retry: 2000\n${this.#event()}`);
  }

  /** Something has changed; tells the readers in a moment. */
  changed(): void {
    if (this.#readers.size === 0) return;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      if (this.#readers.size === 0) return;
      const event = this.#event();
      for (const reader of this.#readers) this.#send(reader, event);
    }, GATHER_MS);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#gathering);
    for (const { response } of this.#readers) response.end();
    this.#readers.clear();
  }

  #event(): string {
    return `data: ${this.#render()}\n\n`;
  }

  /** A reader that is behind gets nothing until it has read, and then the newest. */
  #send(reader: Reader, event: string): void {
    reader.hasMissed = reader.isFull;
    if (!reader.isFull) reader.isFull = !reader.response.write(event);
  }

  #beat(): void {
    for (const reader of this.#readers) {
      if (!reader.isFull) reader.response.write(': still here\n\n');
      else if (++reader.missedHeartbeats > MAX_MISSED) reader.response.destroy();
    }
  }
}
