import type { Socket } from 'node:net';
import type { Reply } from '@token-relay/protocol';
import type { Arrival } from './address.ts';
import { Connection, type Source, type Verdict } from './connection.ts';
import { Deadlines } from './deadlines.ts';
import { OldestFirst } from './oldest-first.ts';
import type { TlsGate } from './tls-gate.ts';

export type IntakeLimits = {
  /** One message, in bytes. */
  readonly maxBytes: number;
  /** For the whole message, from the accept on, and again for the peer to close after its reply. */
  readonly timeoutMs: number;
  readonly maxConnections: number;
  /** Milliseconds that only go forward. */
  readonly monotonicMs: () => number;
};

/** Called once for each connection, with what came of it; gives the reply. */
export type Decide = (verdict: Verdict, source: Source) => Reply;

/** How long a connection may send nothing and keep its place, when all places are taken and another one comes. */
const IDLE_MS = 1000;

/**
 * Takes connections in, so many at a time, and sees each of them to its end.
 *
 * When all places are taken, the connection that has been silent longest gives up its own to the one that comes, if it was silent for
 * a second; otherwise the one that comes is told `busy`. So those who connect and say nothing cannot keep senders out.
 */
export class Intake {
  readonly maxBytes: number;
  readonly decide: Decide;
  readonly #source: Source;
  readonly #limits: IntakeLimits;
  readonly #gate: TlsGate | undefined;
  readonly #places = new OldestFirst<Connection>();
  readonly #deadlines: Deadlines<Connection>;
  readonly #turnedAway = new OldestFirst<Connection>();

  constructor(from: Arrival, limits: IntakeLimits, decide: Decide, gate?: TlsGate) {
    this.maxBytes = limits.maxBytes;
    this.decide = decide;
    this.#source = { from };
    this.#limits = limits;
    this.#gate = gate;
    this.#deadlines = new Deadlines(limits.timeoutMs, limits.monotonicMs, (connection) =>
      connection.overdue(limits.timeoutMs),
    );
  }

  accept(socket: Socket): void {
    const nowMs = this.#limits.monotonicMs();
    if (this.#places.size >= this.#limits.maxConnections && !this.#makeRoom(nowMs)) {
      this.#turnAway(socket, nowMs);
      return;
    }
    const connection = this.#track(socket, nowMs);
    connection.place = this.#places.add(connection, nowMs);
    if (this.#gate === undefined) connection.read();
    else this.#gate.admit(socket, connection);
  }

  destroyAll(): void {
    for (const connection of this.#deadlines.values()) connection.destroy();
  }

  onPart({ place }: Connection): void {
    if (place?.isListed) this.#places.renew(place, this.#limits.monotonicMs());
  }

  onAnswered({ place, deadline }: Connection): void {
    const nowMs = this.#limits.monotonicMs();
    if (place?.isListed) this.#places.renew(place, nowMs);
    if (deadline !== undefined) this.#deadlines.renew(deadline, nowMs);
  }

  onClosed({ place, refusal, deadline }: Connection): void {
    if (deadline !== undefined) this.#deadlines.clear(deadline);
    if (place !== undefined) this.#places.remove(place);
    if (refusal !== undefined) this.#turnedAway.remove(refusal);
  }

  #track(socket: Socket, nowMs: number): Connection {
    const connection = new Connection(socket, this.#source, this);
    connection.deadline = this.#deadlines.set(connection, nowMs);
    return connection;
  }

  #makeRoom(nowMs: number): boolean {
    const { oldest } = this.#places;
    if (oldest === undefined || nowMs - oldest.atMs < IDLE_MS) return false;
    this.#places.remove(oldest);
    oldest.value.giveWay();
    return true;
  }

  /**
   * Those turned away are as many as the others at most: the one that was told so longest ago is closed in favour of the next.
   * Before the handshake nobody can be told.
   */
  #turnAway(socket: Socket, nowMs: number): void {
    const { maxConnections } = this.#limits;
    const verdict = { status: 'rejected', code: 'busy', detail: `more than ${maxConnections} connections` } as const;
    const reply = this.decide(verdict, this.#source);
    if (this.#gate !== undefined) {
      socket.destroy();
      return;
    }
    const { oldest } = this.#turnedAway;
    if (oldest !== undefined && this.#turnedAway.size >= maxConnections) {
      this.#turnedAway.remove(oldest);
      oldest.value.drop();
    }
    const connection = this.#track(socket, nowMs);
    connection.refusal = this.#turnedAway.add(connection, nowMs);
    connection.turnAway(reply);
  }
}
