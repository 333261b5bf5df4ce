/** Those who read the token of one receiver, in every way there is, and what they may rightly be told. */
import { TokenClient, TokenClientError } from '@token-relay/client';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { FOLLOW, follow } from '../system/crowd.ts';
import type { Generations, TokenBook, Witness } from './witness.ts';

const AGAIN_MS = 200;
const ANSWER_MS = 20_000;

export interface ReaderContext {
  /** For people. */
  readonly receiver: string;
  readonly api: string;
  readonly witness: Witness;
  readonly book: TokenBook;
  readonly generations: Generations;
  readonly signal: AbortSignal;
}

interface Reading {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly socket: Socket;
}

/** Asks again and again over one connection: with `wait`, for the next token each time. */
export async function poll(
  context: ReaderContext,
  { everyMs, wait }: { everyMs: number; wait: boolean },
): Promise<void> {
  const { api, signal, generations } = context;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let life: { socket: Socket; pid: number } | undefined;
  let etag = '';
  while (!signal.aborted) {
    try {
      const atLeast = life === undefined ? 0 : generations.newest(life.pid);
      const headers = wait ? { 'If-None-Match': etag } : {};
      const reading = await ask(agent, api, wait ? '/v1/token?wait=5' : '/v1/token', headers, signal);
      if (reading.socket !== life?.socket) life = await lifeOf(agent, api, reading.socket, signal);
      else judge(context, reading, life.pid, atLeast, wait ? 'GET with wait' : 'GET');
      etag = reading.headers.etag ?? '';
    } catch {
      // Nobody there just now, or cut off: that is what the chaos is for.
      life = undefined;
      await pause(AGAIN_MS, signal);
    }
    if (!wait) await pause(everyMs, signal);
  }
  agent.destroy();
}

function judge(
  { receiver, witness, book, generations }: ReaderContext,
  reading: Reading,
  pid: number,
  atLeast: number,
  how: string,
): void {
  const where = `${how} of ${receiver}`;
  let answer: { access_token?: unknown; generation?: unknown; code?: unknown };
  try {
    answer = reading.text === '' ? {} : (JSON.parse(reading.text) as typeof answer);
  } catch {
    witness.complain(`${where}: torn, HTTP ${reading.status} with ${reading.text.length} characters that are no JSON`);
    return;
  }
  if (reading.status === 200) {
    const { access_token: token, generation } = answer;
    book.judge(token, how);
    if (typeof token === 'string' && typeof generation === 'number') {
      generations.judge(pid, { generation, token }, atLeast, where);
    } else witness.complain(`${where}: an answer without a token or its generation`);
  } else if (![304, 404, 503].includes(reading.status)) {
    witness.complain(`${where}: HTTP ${reading.status} ${String(answer.code)}`);
  }
}

/** Which process is at the other end of a connection; undefined if it is another connection by now. */
async function lifeOf(
  agent: Agent,
  api: string,
  socket: Socket,
  signal: AbortSignal,
): Promise<{ socket: Socket; pid: number } | undefined> {
  const reading = await ask(agent, api, '/v1/status', {}, signal);
  if (reading.status !== 200 || reading.socket !== socket) return undefined;
  const { pid } = JSON.parse(reading.text) as { pid: number };
  return { socket, pid };
}

/** Rejects unless the whole answer came. */
function ask(
  agent: Agent,
  socketPath: string,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Reading> {
  const { promise, resolve, reject } = Promise.withResolvers<Reading>();
  const asked = request({ socketPath, path, agent, headers, signal, timeout: ANSWER_MS }, (response) => {
    text(response).then(
      (whole) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: whole, socket: response.socket }),
      reject,
    );
  });
  asked.on('timeout', () => asked.destroy(new Error('no answer')));
  asked.on('error', reject);
  asked.end();
  return promise;
}

/** Follows the events, and connects again when they end. `last` is the token that it was told of last. */
export class EventReader {
  last: string | undefined;
  readonly ended: Promise<void>;

  constructor(context: ReaderContext) {
    this.ended = this.#run(context);
  }

  async #run({ receiver, api, signal, book, witness }: ReaderContext): Promise<void> {
    await connected(api, signal, (socket) => {
      let newest = 0;
      follow(socket, (token, generation) => {
        book.judge(token, 'events');
        if (generation <= newest) witness.complain(`events of ${receiver}: generation ${generation} after ${newest}`);
        newest = generation;
        this.last = token;
      });
    });
  }
}

/** Asks for the events and never reads any. */
export function neverRead({ api, signal }: ReaderContext): Promise<void> {
  return connected(api, signal, (socket) => void socket.pause().write(FOLLOW));
}

/** Has a connection until the signal aborts, one after the other. */
async function connected(path: string, signal: AbortSignal, use: (socket: Socket) => void): Promise<void> {
  while (!signal.aborted) {
    const socket = connect({ path });
    const end = (): void => void socket.destroy();
    signal.addEventListener('abort', end);
    socket.once('connect', () => use(socket));
    await new Promise((resolve) => {
      socket.on('error', () => undefined);
      socket.on('end', end);
      socket.on('close', resolve);
    });
    signal.removeEventListener('abort', end);
    await pause(AGAIN_MS, signal);
  }
}

/** A unit after the other that starts with `LoadCredential=`. */
export async function loadCredentials({ signal, book }: ReaderContext, path: string): Promise<void> {
  while (!signal.aborted) {
    const credential = await loadCredential(path, signal);
    if (credential !== undefined) book.judge(credential, 'credentials');
    await pause(500, signal);
  }
}

/** As systemd does it. Undefined if there is none: nobody answers, or the unit is made to fail. */
export async function loadCredential(path: string, signal: AbortSignal): Promise<string | undefined> {
  const socket = connect({ path, allowHalfOpen: true });
  const end = (): void => void socket.destroy();
  signal.addEventListener('abort', end);
  const credential = await text(socket.end()).catch(() => '');
  signal.removeEventListener('abort', end);
  // Longer than any token: the refusal that makes the unit fail, or the part of it that came before a kill.
  return credential === '' || credential.length > 1_000 ? undefined : credential;
}

/** A program that uses the client package. */
export class ClientUser {
  readonly client: TokenClient;
  readonly ended: Promise<void>;

  constructor({ api, signal, book, witness, receiver }: ReaderContext) {
    this.client = new TokenClient({ socketPath: api });
    this.ended = this.#run(signal, book, (text) => witness.complain(`the client of ${receiver}: ${text}`));
  }

  async #run(signal: AbortSignal, book: TokenBook, complain: (text: string) => void): Promise<void> {
    while (!signal.aborted) {
      try {
        book.judge(await this.client.getAccessToken({ timeoutMs: 100, signal }), 'client');
      } catch (error) {
        // Only its own errors, and only those that pass by themselves.
        const isRight = error === signal.reason || (error instanceof TokenClientError && error.retryable);
        if (!isRight) complain(String(error));
      }
      await pause(30, signal);
    }
    await this.client.close();
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => undefined);
}
