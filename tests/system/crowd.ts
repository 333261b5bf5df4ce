/** Thousands of connections to one socket. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const FOLLOW = 'GET /v1/token/events HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Connects under way at once: a socket has a backlog. */
const CONNECTING = 64;
const RETRY_MS = 5;

/** Long enough for a loaded machine; a wait that gets this far has failed. */
const PATIENCE_MS = 60_000;

export class Crowd {
  readonly sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.sockets = sockets;
  }

  /** Resolves when all have been connected. They are paused. */
  static async connect(path: string, count: number): Promise<Crowd> {
    const sockets: Socket[] = [];
    let begun = 0;
    const worker = async () => {
      while (begun < count) {
        begun += 1;
        sockets.push(await connected(path));
      }
    };
    await Promise.all(Array.from({ length: CONNECTING }, worker));
    return new Crowd(sockets);
  }

  /** Those that the other side has not closed. */
  get open(): number {
    return this.sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
  }

  [Symbol.dispose](): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

async function connected(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect({ path }).pause();
    const isConnected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    if (isConnected) return socket;
    // EAGAIN: the backlog is full.
    await sleep(RETRY_MS);
  }
}

/** Many who follow `GET /v1/token/events`. */
export class EventReaders {
  readonly #crowd: Crowd;
  readonly #moments = new Map<string, number[]>();
  #tell = (): void => undefined;
  /** The generations that each was told of. */
  readonly told: number[][] = [];

  private constructor(crowd: Crowd) {
    this.#crowd = crowd;
    for (const socket of crowd.sockets) {
      const mine: number[] = [];
      this.told.push(mine);
      follow(socket, (token, generation) => {
        mine.push(generation);
        const moments = this.#moments.get(token) ?? [];
        this.#moments.set(token, moments);
        moments.push(performance.now());
        if (moments.length === crowd.sockets.length) this.#tell();
      });
    }
  }

  static async connect(path: string, count: number): Promise<EventReaders> {
    return new EventReaders(await Crowd.connect(path, count));
  }

  /** Resolves, when each of them has the token, to the moments at which it came. */
  async all(token: string): Promise<readonly number[]> {
    const count = () => this.#moments.get(token)?.length ?? 0;
    if (count() < this.told.length) {
      await new Promise<void>((resolve, reject) => {
        const fail = () =>
          reject(new Error(`only ${count()} of ${this.told.length} readers have ${token.slice(0, 40)}`));
        const timer = setTimeout(fail, PATIENCE_MS);
        this.#tell = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#moments.get(token) ?? [];
  }

  [Symbol.dispose](): void {
    this.#crowd[Symbol.dispose]();
  }
}

/** Asks for the events, and calls back with each one that has come as a whole. */
export function follow(socket: Socket, onToken: (token: string, generation: number) => void): void {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const event = /^event: token\nid: (\d+)\ndata: (\{.*\})$/m.exec(text.slice(0, end));
      text = text.slice(end + 2);
      if (event === null) continue;
      const { access_token: token } = JSON.parse(event[2] ?? '') as { access_token: string };
      onToken(token, Number(event[1]));
    }
  });
  socket.resume();
  socket.write(FOLLOW);
}
