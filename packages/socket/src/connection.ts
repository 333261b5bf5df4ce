import type { Socket } from 'node:net';
import { type DecodeStep, formatReply, MessageDecoder, type Reply } from '@token-relay/protocol';

/** What a connection came to. `lost`: the peer was gone before its message ended. */
export type Verdict = Exclude<DecodeStep, { status: 'incomplete' }> | { status: 'lost' };

/** `timeoutMs` is for the whole message, from the moment the connection was accepted, and again for the peer to close after its reply. */
export type ConnectionLimits = { maxBytes: number; timeoutMs: number };

/** `decide` is called once, with what came of the connection, and gives the reply; `onClosed` once it is closed. */
export type ConnectionOwner = { decide: (verdict: Verdict) => Reply; onClosed: () => void };

/**
 * Reads one message from an accepted connection, which must allow half-open, and sees it to its end. After the reply it ignores what
 * the peer still sends: a close with unread bytes would reset the connection, and the peer might lose the reply.
 */
export function receiveMessage(socket: Socket, limits: ConnectionLimits, owner: ConnectionOwner): void {
  const decoder = new MessageDecoder(limits);
  let isDecided = false;
  const deadline = setTimeout(() => {
    if (isDecided) socket.destroy();
    else settle({ status: 'rejected', code: 'timeout', detail: `no whole message within ${limits.timeoutMs} ms` });
  }, limits.timeoutMs);

  function settle(step: DecodeStep): void {
    if (step.status === 'incomplete') return;
    isDecided = true;
    deadline.refresh();
    endWithReply(socket, owner.decide(step));
  }

  socket.on('data', (chunk: Buffer) => {
    if (!isDecided) settle(decoder.push(chunk));
  });
  socket.on('end', () => {
    if (!isDecided) settle(decoder.end());
  });
  // A peer that does not wait for its reply is no error; one that is gone before its message ended shows in `close`.
  socket.on('error', ignore);
  socket.on('close', () => {
    clearTimeout(deadline);
    if (!isDecided) owner.decide({ status: 'lost' });
    owner.onClosed();
  });
}

/** Turns a connection away without looking at what it says. */
export function refuse(socket: Socket, limits: ConnectionLimits, reply: Reply, onClosed: () => void): void {
  const deadline = setTimeout(() => socket.destroy(), limits.timeoutMs);
  socket.on('close', () => {
    clearTimeout(deadline);
    onClosed();
  });
  socket.on('error', ignore);
  socket.resume();
  endWithReply(socket, reply);
}

function endWithReply(socket: Socket, reply: Reply): void {
  if (reply.kind !== 'unknown') socket.end(formatReply(reply));
}

function ignore(): void {
  // The connection is over, and its `close` event follows.
}
