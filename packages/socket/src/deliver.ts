import { connect, type Socket } from 'node:net';
import { parseReply } from '@token-relay/protocol';
import { formatAddress, isLoopback, type TokenAddress } from './address.ts';
import { systemCode } from './bind-error.ts';
import { DeliveryError, deliveryErrorFromSystem } from './delivery-error.ts';

/** More than any reply has. */
const MAX_REPLY_CHARACTERS = 256;

/** How long a target that sends no reply may take to close its side, in milliseconds. */
const CLOSE_WAIT_MS = 1000;

/** `timeoutMs` is for the whole delivery, from the connect to the reply. */
export type SendOptions = { timeoutMs: number; expectReply: boolean; signal?: AbortSignal };

/**
 * Delivers one message, in one piece.
 *
 * With `expectReply` it resolves when the receiver has answered `OK` (white space around it is accepted), and so holds the
 * token. Without, it ends its side after the message and resolves when the system has taken all of it and the target has closed, or
 * a second later: the target may still not have read it.
 *
 * Rejects with a DeliveryError, and with nothing else.
 */
export function sendToken(address: TokenAddress, payload: string, options: SendOptions): Promise<void> {
  const name = formatAddress(address);
  if (options.signal?.aborted) return Promise.reject(abortedError(name));
  if (address.kind === 'tcp' && !isLoopback(address.host)) {
    return Promise.reject(
      new DeliveryError('tls_required', `${name} is another machine, and the token would travel without TLS.`),
    );
  }
  const socket = connect(address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port });
  return new Promise((resolve, reject) => {
    const settle = (error?: DeliveryError): void => {
      clearTimeout(deadline);
      options.signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = (): void => settle(abortedError(name));
    const deadline = setTimeout(() => settle(whenOverdue()), options.timeoutMs);
    options.signal?.addEventListener('abort', onAbort);
    socket.on('error', (error) => settle(deliveryErrorFromSystem(systemCode(error), name)));
    const overdue = new DeliveryError('timeout', `${name} did not answer within ${options.timeoutMs} ms.`);
    const whenOverdue = options.expectReply
      ? awaitReply(socket, payload, name, settle, overdue)
      : awaitClose(socket, payload, name, settle, overdue);
  });
}

/** Ends a delivery, well or with an error. Only the first call counts. */
type Settle = (error?: DeliveryError) => void;

/** What a delivery has come to when its deadline passes. */
type WhenOverdue = () => DeliveryError | undefined;

function abortedError(name: string): DeliveryError {
  return new DeliveryError('aborted', `The delivery to ${name} was aborted.`);
}

/** Leaves its side open: there are receivers that take its end for the end of the conversation. */
function awaitReply(
  socket: Socket,
  payload: string,
  name: string,
  settle: Settle,
  overdue: DeliveryError,
): WhenOverdue {
  let text = '';
  socket.write(payload);
  socket.setEncoding('latin1');
  socket.on('data', (piece: string) => {
    text += piece;
    if (parseReply(text).kind === 'ok') settle();
    else if (text.length > MAX_REPLY_CHARACTERS || isWholeLine(text)) settle(replyError(text, name));
  });
  socket.on('end', () => settle(replyError(text, name)));
  socket.on('close', () => settle(replyError(text, name)));
  return () => (text.trim() === '' ? overdue : replyError(text, name));
}

function isWholeLine(text: string): boolean {
  return text.endsWith('\n') && text.trim() !== '';
}

function replyError(text: string, name: string): DeliveryError {
  if (text.trim() === '') return new DeliveryError('no_reply', `${name} closed the connection without a reply.`);
  const reply = parseReply(text);
  return reply.kind === 'error'
    ? new DeliveryError('refused', `${name} refused the token (${reply.code}).`, reply.code)
    : new DeliveryError('bad_reply', `${name} answered with something that is neither OK nor ERROR.`);
}

function awaitClose(
  socket: Socket,
  payload: string,
  name: string,
  settle: Settle,
  overdue: DeliveryError,
): WhenOverdue {
  let isSent = false;
  let wait: NodeJS.Timeout | undefined;
  socket.end(payload);
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
