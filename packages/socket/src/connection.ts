import type { Socket } from 'node:net';
import { type DecodeStep, formatReply, MessageDecoder, type Reply } from '@token-relay/protocol';
import type { Arrival } from './address.ts';
import type { Entry } from './oldest-first.ts';

/** What a connection came to. `lost`: the peer was gone before its message ended. */
export type Verdict = Exclude<DecodeStep, { status: 'incomplete' }> | { status: 'lost'; detail: string };

/** Where a message comes from. `peer` is known of TLS only. */
export type Source = { readonly from: Arrival; readonly peer?: string };

/** What a connection tells whoever accepted it. */
export type ConnectionOwner = {
  /** The longest message, in bytes. */
  readonly maxBytes: number;
  /** Called once, with what came of the connection; gives the reply. */
  decide: (verdict: Verdict, source: Source) => Reply;
  /** A part of the message has come. */
  onPart: (connection: Connection) => void;
  /** The reply is on its way. */
  onAnswered: (connection: Connection) => void;
  onClosed: (connection: Connection) => void;
};

const BUSY: Exclude<Verdict, { status: 'lost' }> = {
  status: 'rejected',
  code: 'busy',
  detail: 'it had sent nothing for a second, and another connection needed its place',
};

const LOST_DURING = {
  reading: 'the connection was lost inside the message',
  handshake:
    'the connection was closed during the TLS handshake; its sender may not trust the certificate of this receiver',
};

/**
 * An accepted connection from its first byte to its close. After the reply it ignores what the peer
 * still sends: a close with unread bytes would reset the connection, and the peer might lose the reply.
 */
export class Connection {
  /** Where its owner has listed it. */
  deadline: Entry<Connection> | undefined;
  place: Entry<Connection> | undefined;
  refusal: Entry<Connection> | undefined;
  readonly #owner: ConnectionOwner;
  #socket: Socket;
  #source: Source;
  #decoder: MessageDecoder | undefined;
  #onHandshakeOverdue: (() => void) | undefined;
  #state: 'handshake' | 'reading' | 'decided' = 'decided';

  constructor(socket: Socket, source: Source, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#source = source;
    this.#owner = owner;
    // A peer that does not wait for its reply is no error; one that is gone before its message ended shows in `close`.
    socket.on('error', ignore);
    socket.on('close', () => this.#closed());
  }

  /** Reads one message and answers it. */
  read(): void {
    this.#state = 'reading';
    this.#decoder = new MessageDecoder(this.#owner);
    this.#socket.on('data', (chunk: Buffer) => this.#push(chunk));
    this.#socket.on('end', () => this.#end());
  }

  /** Waits for `secured`, `turnAway` or `drop`. */
  awaitHandshake(onOverdue: () => void): void {
    this.#state = 'handshake';
    this.#onHandshakeOverdue = onOverdue;
  }

  /** From now on it is read and answered through this socket. */
  secured(socket: Socket, source: Source): void {
    socket.on('error', ignore);
    this.#socket = socket;
    this.#source = source;
  }

  /** Answers without looking at what the peer says. */
  turnAway(reply: Reply): void {
    this.#state = 'decided';
    this.#socket.resume();
    this.#answer(reply);
    this.#owner.onAnswered(this);
  }

  /** Ends it without a word. */
  drop(): void {
    this.#state = 'decided';
    this.#socket.destroy();
  }

  /** Ends it for the sake of another. There is nothing unread, so that its reply is not lost. */
  giveWay(): void {
    if (this.#state === 'handshake') this.#owner.decide(BUSY, this.#source);
    if (this.#state === 'reading') {
      this.#settle(BUSY);
      this.#socket.destroySoon();
    } else {
      this.drop();
    }
  }

  /** Ends it when `limitMs` are over. */
  overdue(limitMs: number): void {
    if (this.#state === 'handshake') this.#onHandshakeOverdue?.();
    if (this.#state === 'reading') {
      this.#settle({ status: 'rejected', code: 'timeout', detail: `no whole message within ${limitMs} ms` });
    } else {
      this.drop();
    }
  }

  /** Ends it because the receiver stops. */
  destroy(): void {
    this.#socket.destroy();
  }

  #push(chunk: Buffer): void {
    if (this.#state === 'reading' && this.#decoder !== undefined) this.#settle(this.#decoder.push(chunk));
  }

  #end(): void {
    if (this.#state === 'reading' && this.#decoder !== undefined) this.#settle(this.#decoder.end());
  }

  #settle(step: DecodeStep): void {
    if (step.status === 'incomplete') {
      this.#owner.onPart(this);
      return;
    }
    this.#state = 'decided';
    // The peer may stay for as long as it was given to close; what it said must not.
    this.#decoder = undefined;
    this.#answer(this.#owner.decide(step, this.#source));
    this.#owner.onAnswered(this);
  }

  #answer(reply: Reply): void {
    if (reply.kind !== 'unknown') this.#socket.end(formatReply(reply));
  }

  #closed(): void {
    if (this.#state !== 'decided') {
      this.#owner.decide({ status: 'lost', detail: LOST_DURING[this.#state] }, this.#source);
      this.#state = 'decided';
    }
    this.#owner.onClosed(this);
  }
}

function ignore(): void {
  // The connection is over, and its `close` event follows.
}
