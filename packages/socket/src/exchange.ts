import type { Socket } from 'node:net';
import { parseReply } from '@token-relay/protocol';
import { DeliveryError, deliveryErrorFromSystem } from './delivery-error.ts';

/** More than any reply has. */
const MAX_REPLY_CHARACTERS = 256;

/** How long a target that sends no reply may take to close its side, in milliseconds. */
const CLOSE_WAIT_MS = 1000;

/** A connection that is being made. */
export type Link = {
  /** The target, for people. */
  readonly name: string;
  readonly socket: Socket;
  /** The event after which something may be written, and not before. */
  readonly ready: 'connect' | 'secureConnect';
  /** What an error of the socket means. */
  readonly explain: (error: Error) => DeliveryError;
};

/** Ends a delivery, well or with an error. Only the first call counts. */
export type Settle = (error?: DeliveryError) => void;

/** What a delivery has come to when its deadline passes. */
export type WhenOverdue = () => DeliveryError | undefined;

/** Sends a message over a connection and waits for what is to follow. `overdue` is the error if nothing does. */
export function exchange(
  link: Link,
  payload: string,
  expectReply: boolean,
  settle: Settle,
  overdue: DeliveryError,
): WhenOverdue {
  return (expectReply ? awaitReply : awaitClose)(link, payload, settle, overdue);
}

/** Leaves its side open: there are receivers that take its end for the end of the conversation. */
function awaitReply(
  { name, socket, ready }: Link,
  payload: string,
  settle: Settle,
  overdue: DeliveryError,
): WhenOverdue {
  let isSent = false;
  let text = '';
  const ended = (): void => settle(isSent ? replyError(text, name) : deliveryErrorFromSystem('ECONNRESET', name));
  socket.once(ready, () => {
    isSent = true;
    socket.write(payload);
  });
  socket.setEncoding('latin1');
  socket.on('data', (piece: string) => {
    text += piece;
    if (parseReply(text).kind === 'ok') settle();
    else if (text.length > MAX_REPLY_CHARACTERS || isWholeLine(text)) settle(replyError(text, name));
  });
  socket.on('end', ended);
  socket.on('close', ended);
  return () => (text.trim() === '' ? overdue : replyError(text, name));
}

function isWholeLine(text: string): boolean {
  return text.endsWith('\n') && text.trim() !== '';
}

function replyError(text: string, name: string): DeliveryError {
  if (text.trim() === '') return new DeliveryError('no_reply', `${name} closed the connection without a reply.`);
  const reply = parseReply(text);
  if (reply.kind !== 'error') {
    return new DeliveryError('bad_reply', `${name} answered with something that is neither OK nor ERROR.`);
  }
  return reply.code === 'not_authorized'
    ? new DeliveryError('certificate_refused', `${name} does not accept our certificate. Its log says why.`, reply.code)
    : new DeliveryError('refused', `${name} refused the token (${reply.code}).`, reply.code);
}

function awaitClose(
  { name, socket, ready }: Link,
  payload: string,
  settle: Settle,
  overdue: DeliveryError,
): WhenOverdue {
  let isSent = false;
  let wait: NodeJS.Timeout | undefined;
  socket.once(ready, () => socket.end(payload));
  socket.on('finish', () => {
    isSent = true;
    wait = setTimeout(() => settle(), CLOSE_WAIT_MS);
  });
  socket.resume();
  socket.on('close', () => {
    clearTimeout(wait);
    settle(isSent ? undefined : deliveryErrorFromSystem('ECONNRESET', name));
  });
  return () => (isSent ? undefined : overdue);
}
