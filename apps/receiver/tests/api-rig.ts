/** The receiver's HTTP interface with a made-up token, and clients that send bytes as they are. */
import type { Log } from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { RawClient } from '../../../tests/rigs/raw-client.ts';
import { createApi, type Api, type ApiOptions } from '../src/api/api.ts';
import type { ApiSource } from '../src/api/routes.ts';
import { lookUp } from '../src/api/token-view.ts';
import type { Freshness, HistoryEntry, TokenHolding } from '../src/holding/held.ts';
import type { ReceiverStatus } from '../src/status/receiver-status.ts';

/** Holds what the test gives it. */
export class MadeUpHolding implements TokenHolding {
  held: HeldToken | undefined;
  fresh: Freshness | undefined;
  entries: HistoryEntry[] = [];
  readonly #listeners = new Set<(held: HeldToken) => void>();

  latest(): HeldToken | undefined {
    return this.held;
  }

  freshness(): Freshness {
    if (this.fresh !== undefined) return this.fresh;
    const found = lookUp(this.held, Date.now());
    return found.kind === 'valid' ? { kind: 'fresh' } : found;
  }

  history(): readonly HistoryEntry[] {
    return this.entries;
  }

  onToken(listener: (held: HeldToken) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onFreshness(): () => void {
    return () => undefined;
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Takes a token in without a word to the listeners. */
  take(accessToken: string, expiresAtMs: number | 'unknown' = Date.now() + 1_800_000): HeldToken {
    const generation = (this.held?.generation ?? 0) + 1;
    const message = { accessToken, ...(expiresAtMs === 'unknown' ? {} : { expiresAtMs }) };
    this.held = { message, generation, receivedAtMs: Date.now(), from: 'unix' };
    return this.held;
  }

  tell(accessToken: string, expiresAtMs?: number | 'unknown'): HeldToken {
    const held = this.take(accessToken, expiresAtMs);
    for (const listener of this.#listeners) listener(held);
    return held;
  }
}

const STATUS: ReceiverStatus = {
  version: 'test',
  pid: 42,
  started_at: '2026-03-02T10:00:00.000Z',
  state: 'waiting',
  listening: ['unix:/run/made-up.sock'],
  generation: 0,
  rejected: { bad_json: 1 },
  readers: { connections: 1, events: 2, waiting: 3 },
  sinks: [{ path: '/run/made-up.json', format: 'json', state: 'ok' }],
  state_saved: true,
};

export interface StartedApi {
  readonly api: Api;
  readonly holding: MadeUpHolding;
  readonly path: string;
  readonly lines: string[];
  /** The server's ends of the connections, in the order in which they came. */
  readonly sockets: Socket[];
  readonly client: () => Client;
  /** How often a path was answered with a status. */
  readonly answered: (route: string, status: number) => number;
}

export async function startApi(
  options: Partial<ApiOptions> = {},
  source: Partial<Omit<ApiSource, 'holding'>> = {},
): Promise<StartedApi> {
  const folder = mkdtempSync(join(tmpdir(), 'api-'));
  const path = join(folder, 'api.sock');
  const lines: string[] = [];
  const write = (message: string) => void lines.push(message);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const holding = new MadeUpHolding();
  const api = createApi({ holding, status: () => STATUS, nowMs: Date.now, ...source }, { log, ...options });
  const sockets: Socket[] = [];
  api.server.on('connection', (socket: Socket) => sockets.push(socket));
  api.server.listen({ path, backlog: 4096 });
  await once(api.server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await api.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const answered = (route: string, status: number) =>
    api.counts().requests.find((entry) => entry.route === route && entry.status === status)?.count ?? 0;
  return { api, holding, path, lines, sockets, client: () => new Client(path), answered };
}

export interface Reply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class Client extends RawClient {
  get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): this {
    return this.send(requestText(path, headers, method));
  }

  /** The next answer, of which a stream has only the head. */
  async reply(isHead = false): Promise<Reply> {
    await until(() => readReply(this.text, isHead) !== undefined || this.isClosed);
    const found = readReply(this.text, isHead);
    if (found === undefined) throw new Error(`closed without an answer: ${this.text}`);
    this.text = found.rest;
    return found.reply;
  }
}

export function requestText(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${fields.join('')}\r\n`;
}

function readReply(text: string, isHead: boolean): { reply: Reply; rest: string } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const [first = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );
  const length = isHead ? 0 : Number(headers['content-length'] ?? 0);
  const body = text.slice(end + 4, end + 4 + length);
  if (body.length < length) return undefined;
  return {
    reply: { status: Number(first.split(' ')[1]), headers, body: Buffer.from(body, 'latin1').toString('utf8') },
    rest: text.slice(end + 4 + length),
  };
}

/** The tokens in what a reader of the events has got, in order. */
export function tokensIn(text: string): string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => {
    const { access_token } = JSON.parse(data) as { access_token: string };
    return access_token;
  });
}
