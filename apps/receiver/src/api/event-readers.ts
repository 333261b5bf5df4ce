/** Readers of `GET /v1/token/events`: each is sent the newest token, and skips what it was too slow for. */
import type { StreamTarget } from '@token-relay/daemon';
import type { HeldToken } from '@token-relay/socket';
import type { Socket } from 'node:net';
import { HEARTBEAT, LAST_CHUNK, NOTHING_YET, type Frame } from './token-event.ts';
import { lookUp } from './token-view.ts';
import { Turns } from './turns.ts';

export interface EventReadersOptions {
  readonly latest: () => HeldToken | undefined;
  readonly nowMs: () => number;
  readonly render: (held: HeldToken, nowMs: number) => Frame;
  /** A clock that is never set; default performance.now. */
  readonly runningMs?: () => number;
  /** Default 15 000. */
  readonly heartbeatMs?: number;
  /** So long nothing of what was written may move; default 60 000. It is looked at with each heartbeat. */
  readonly stuckMs?: number;
}

/** What a reader costs beside its socket. */
interface Reader {
  readonly socket: Socket;
  readonly chunked: boolean;
  /** The generation of the token that it has, or needs not be sent. */
  generation: number;
  heartbeat: number;
  /** Running time, ms: since when what was written has not been taken in. One event is, and the newest token is to follow. */
  stuckSinceMs: number | undefined;
}

export class EventReaders {
  readonly #options: EventReadersOptions;
  readonly #runningMs: () => number;
  readonly #heartbeatMs: number;
  readonly #stuckMs: number;
  readonly #turns = new Turns<Reader>((reader) => this.#visit(reader));
  #timer: NodeJS.Timeout | undefined;
  #heartbeat = 0;
  #sent = 0;
  #skipped = 0;
  #isStopping = false;

  constructor(options: EventReadersOptions) {
    this.#options = options;
    this.#runningMs = options.runningMs ?? (() => performance.now());
    this.#heartbeatMs = options.heartbeatMs ?? 15_000;
    this.#stuckMs = options.stuckMs ?? 60_000;
  }

  get size(): number {
    return this.#turns.size;
  }

  /** Tokens sent, and tokens that a slow reader was not sent because a newer one came. */
  get counts(): { readonly sent: number; readonly skipped: number } {
    return { sent: this.#sent, skipped: this.#skipped };
  }

  /** @param lastEventId what the reader says that it has */
  add({ socket, chunked }: StreamTarget, lastEventId: string | undefined): void {
    const generation = this.#options.latest()?.generation ?? 0;
    const reader: Reader = { socket, chunked, generation, heartbeat: this.#heartbeat, stuckSinceMs: undefined };
    if (this.#isStopping) {
      end(reader);
      return;
    }
    socket.on('close', () => this.#gone(reader));
    this.#turns.add(reader);
    this.#timer ??= setInterval(() => this.#beat(), this.#heartbeatMs);
    const event = lastEventId === String(generation) ? undefined : this.#newest();
    if (event !== undefined) this.#sent += 1;
    this.#write(reader, event?.frame ?? NOTHING_YET);
  }

  /** To be called when there is a new token. */
  look(): void {
    this.#turns.start();
  }

  /** Ends every stream as HTTP wants it. */
  stop(): void {
    this.#isStopping = true;
    clearInterval(this.#timer);
    for (const reader of this.#turns.clear()) end(reader);
  }

  #beat(): void {
    this.#heartbeat += 1;
    this.#turns.start();
  }

  #visit(reader: Reader): void {
    if (reader.stuckSinceMs !== undefined) {
      if (this.#runningMs() - reader.stuckSinceMs >= this.#stuckMs) reader.socket.destroy();
    } else if (!this.#sendNewest(reader) && reader.heartbeat !== this.#heartbeat) {
      this.#write(reader, HEARTBEAT);
    }
  }

  #sendNewest(reader: Reader): boolean {
    if (reader.generation === this.#options.latest()?.generation) return false;
    const newest = this.#newest();
    if (newest === undefined) return false;
    this.#sent += 1;
    this.#skipped += newest.generation - reader.generation - 1;
    reader.generation = newest.generation;
    this.#write(reader, newest.frame);
    return true;
  }

  #newest(): { readonly frame: Frame; readonly generation: number } | undefined {
    const nowMs = this.#options.nowMs();
    const found = lookUp(this.#options.latest(), nowMs);
    if (found.kind !== 'valid') return undefined;
    return { frame: this.#options.render(found.held, nowMs), generation: found.held.generation };
  }

  #write(reader: Reader, frame: Frame): void {
    const { socket } = reader;
    reader.heartbeat = this.#heartbeat;
    socket.write(reader.chunked ? frame.chunk : frame.bare);
    if (socket.writableLength === 0) return;
    reader.stuckSinceMs = this.#runningMs();
    // Nothing, after all that is still to be taken in.
    socket.write('', () => {
      reader.stuckSinceMs = undefined;
      if (!socket.destroyed && !this.#isStopping) this.#sendNewest(reader);
    });
  }

  #gone(reader: Reader): void {
    this.#turns.delete(reader);
    if (this.#turns.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function end({ socket, chunked, stuckSinceMs }: Reader): void {
  if (chunked && stuckSinceMs === undefined) socket.write(LAST_CHUNK);
  // For one who reads nothing there is no proper end.
  if (socket.writableLength > 0) socket.destroy();
  else socket.destroySoon();
}
