/** What goes on while the daemons are hit: writers, readers of every kind, and those who read the files. */
import { requestLocal } from '@token-relay/daemon';
import { sendToken } from '@token-relay/socket';
import { readFile } from 'node:fs/promises';
import { ClientUser, EventReader, loadCredentials, neverRead, pause, poll, type ReaderContext } from './readers.ts';
import { RECEIVERS, type ReceiverName } from './plan.ts';
import type { Random } from './random.ts';
import type { Stage } from './stage.ts';
import type { Generations, TokenBook, Witness } from './witness.ts';

const EVENT_READERS = 30;
const POLLERS = 3;
const WAITERS = 3;

export interface LoadOptions {
  readonly stage: Stage;
  readonly witness: Witness;
  readonly book: TokenBook;
  /** One for each receiver. */
  readonly generations: Readonly<Record<ReceiverName, Generations>>;
  /** Texts in the token file that are nobody's save. */
  readonly planted: ReadonlySet<string>;
  readonly random: Random;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #readers = new AbortController();
  readonly #writers = new AbortController();
  readonly #reading: Promise<unknown>[] = [];
  readonly #writing: Promise<unknown>[] = [];
  readonly #events: Record<ReceiverName, EventReader[]> = { 'receiver-a': [], 'receiver-b': [] };
  readonly #clients: Partial<Record<ReceiverName, ClientUser>> = {};

  constructor(options: LoadOptions) {
    this.#options = options;
    for (const receiver of RECEIVERS) this.#beginReading(receiver);
    for (const receiver of RECEIVERS) this.#writing.push(this.#write(receiver));
    this.#reading.push(this.#readTokenFile(), this.#askSender());
  }

  /** What a reader of each kind was told last. */
  async told(receiver: ReceiverName): Promise<readonly (string | undefined)[]> {
    const fromClient = this.#clients[receiver]?.client.getAccessToken({ timeoutMs: 0 }).catch(() => undefined);
    return [...this.#events[receiver].map(({ last }) => last), await fromClient];
  }

  /** After this, only the sender writes. */
  async endWriting(): Promise<void> {
    this.#writers.abort();
    await Promise.all(this.#writing);
  }

  async end(): Promise<void> {
    await this.endWriting();
    this.#readers.abort();
    await Promise.all(this.#reading);
  }

  #beginReading(receiver: ReceiverName): void {
    const { stage, witness, book, generations } = this.#options;
    const { signal } = this.#readers;
    const api = stage.socket(receiver, 'api');
    const context: ReaderContext = { receiver, api, witness, book, generations: generations[receiver], signal };
    for (let count = 0; count < POLLERS; count += 1) this.#reading.push(poll(context, { everyMs: 30, wait: false }));
    for (let count = 0; count < WAITERS; count += 1) this.#reading.push(poll(context, { everyMs: 0, wait: true }));
    for (let count = 0; count < EVENT_READERS; count += 1) this.#events[receiver].push(new EventReader(context));
    const client = new ClientUser(context);
    this.#clients[receiver] = client;
    this.#reading.push(client.ended, ...this.#events[receiver].map(({ ended }) => ended));
    this.#reading.push(neverRead(context), loadCredentials(context, stage.socket(receiver, 'credential')));
    this.#reading.push(this.#readSinks(receiver));
  }

  /** Messages of another sender, some 30 a second, every tenth of them broken. */
  async #write(receiver: ReceiverName): Promise<void> {
    const { stage, book, random, witness } = this.#options;
    const { signal } = this.#writers;
    const path = stage.socket(receiver, 'token');
    while (!signal.aborted) {
      const accessToken = book.make(receiver);
      const whole = JSON.stringify({ access_token: accessToken, expires_at: Math.floor(Date.now() / 1_000) + 60 });
      const message = random.next() < 0.1 ? whole.replace('}', ',') + '}' : whole;
      const sent = sendToken({ kind: 'unix', path }, message, { timeoutMs: 10_000, expectReply: true, signal });
      await sent.then(
        () => witness.saw('messages acknowledged'),
        () => witness.saw('messages not taken'),
      );
      await pause(25, signal);
    }
  }

  async #readSinks(receiver: ReceiverName): Promise<void> {
    const { stage, book, witness } = this.#options;
    const { signal } = this.#readers;
    while (!signal.aborted) {
      const raw = await readFile(stage.file(receiver, 'raw'), 'utf8').catch(() => undefined);
      if (raw !== undefined) book.judge(raw.trim(), 'sinks');
      const json = await readFile(stage.file(receiver, 'json'), 'utf8').catch(() => undefined);
      if (json !== undefined) {
        const parsed = parse(json) as { access_token?: unknown } | undefined;
        if (parsed === undefined) witness.complain(`the sink of ${receiver} is torn: ${json.length} characters`);
        else book.judge(parsed.access_token, 'sinks');
      }
      await pause(25, signal);
    }
  }

  async #readTokenFile(): Promise<void> {
    const { stage, book, witness, planted } = this.#options;
    const { signal } = this.#readers;
    let loginAt: number | undefined;
    while (!signal.aborted) {
      const text = await readFile(stage.tokenFile, 'utf8').catch(() => undefined);
      if (text !== undefined && !planted.has(text)) {
        const file = parse(text) as { creation_timestamp?: number; token?: { access_token?: unknown } } | undefined;
        if (file === undefined) witness.complain(`the token file is torn: ${text.length} characters`);
        else book.judge(file.token?.access_token, 'token file');
        loginAt ??= file?.creation_timestamp;
        if (file !== undefined && file.creation_timestamp !== loginAt) witness.complain('the login time has moved');
      }
      await pause(15, signal);
    }
  }

  /** Somebody looks at the sender's status all the time. */
  async #askSender(): Promise<void> {
    const { stage, witness } = this.#options;
    const { signal } = this.#readers;
    while (!signal.aborted) {
      const asked = requestLocal(stage.controlSocket, { method: 'GET', path: '/v1/status', timeoutMs: 5_000, signal });
      await asked.then(
        () => witness.saw('reads: status of the sender'),
        () => undefined,
      );
      await pause(300, signal);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
