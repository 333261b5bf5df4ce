import { request as httpRequest, type IncomingMessage } from 'node:http';
import { errnoOf } from '../errno.ts';

const MAX_ANSWER_BYTES = 1024 ** 2;

/**
 * - `daemon_not_running`: nobody listens at the socket
 * - `denied`: this user may not connect to it
 * - `timeout`: no whole answer within the time given, or too many clients wait already
 * - `bad_answer`: whoever listens there does not speak this interface
 */
export type LocalHttpErrorCode = 'daemon_not_running' | 'denied' | 'timeout' | 'bad_answer';

/** A request to a daemon of this machine got no usable answer. The message names the socket. */
export class LocalHttpError extends Error {
  override readonly name = 'LocalHttpError';
  readonly code: LocalHttpErrorCode;
  readonly socketPath: string;

  constructor(code: LocalHttpErrorCode, socketPath: string, message: string) {
    super(message);
    this.code = code;
    this.socketPath = socketPath;
  }
}

export interface LocalAnswer {
  status: number;
  /** The parsed body where it is JSON; else undefined. */
  body: unknown;
  text: string;
}

/**
 * Asks a daemon over its Unix socket. Any HTTP status resolves. Rejects with LocalHttpError, or with the signal's reason.
 *
 * @param options.json the body, sent as JSON
 * @param options.timeoutMs for the whole exchange
 */
export function requestLocal(
  socketPath: string,
  options: { method: 'GET' | 'POST'; path: string; json?: object; timeoutMs: number; signal?: AbortSignal },
): Promise<LocalAnswer> {
  const { method, path, timeoutMs, signal } = options;
  const body = options.json === undefined ? undefined : JSON.stringify(options.json);
  return new Promise((resolve, reject) => {
    const headers = { Host: 'localhost', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
    const request = httpRequest({ socketPath, method, path, agent: false, headers });
    const finish = (settle: () => void): void => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
      request.on('error', () => undefined);
      request.destroy();
      settle();
    };
    const fail = (error: unknown): void => finish(() => reject(asError(error)));
    const onAbort = (): void => fail(signal?.reason);
    const deadline = setTimeout(() => {
      fail(new LocalHttpError('timeout', socketPath, `no answer within ${timeoutMs} ms on ${socketPath}`));
    }, timeoutMs);

    request.on('error', (error) => fail(connectionProblem(errnoOf(error), socketPath)));
    request.on('response', (response) => {
      readAnswer(response, socketPath).then(
        (answer) => finish(() => resolve(answer)),
        (error: unknown) => fail(error),
      );
    });
    if (signal?.aborted === true) onAbort();
    else {
      signal?.addEventListener('abort', onAbort);
      request.end(body);
    }
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

async function readAnswer(response: IncomingMessage, socketPath: string): Promise<LocalAnswer> {
  const bad = (why: string): LocalHttpError =>
    new LocalHttpError('bad_answer', socketPath, `the answer on ${socketPath} ${why}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of bytesOf(response)) {
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) throw bad('is larger than 1 MiB');
      chunks.push(part);
    }
  } catch (error) {
    throw error instanceof LocalHttpError ? error : bad('was cut off');
  }
  const text = Buffer.concat(chunks).toString('utf8');
  const status = response.statusCode ?? 0;
  if (!/\bjson\b/.test(response.headers['content-type'] ?? '')) return { status, body: undefined, text };
  try {
    const body: unknown = JSON.parse(text);
    return { status, body, text };
  } catch {
    throw bad('is not JSON, though it says so');
  }
}

/** Node types the chunks of a stream as `any`. */
function bytesOf(response: IncomingMessage): AsyncIterable<Buffer> {
  return response;
}

function connectionProblem(errno: string | undefined, socketPath: string): LocalHttpError {
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return new LocalHttpError(
        'daemon_not_running',
        socketPath,
        `nobody listens on ${socketPath}; is the daemon running?`,
      );
    case 'EACCES':
    case 'EPERM':
      return new LocalHttpError('denied', socketPath, `this user may not connect to ${socketPath}`);
    case 'EAGAIN':
      return new LocalHttpError('timeout', socketPath, `too many clients wait at ${socketPath} already`);
    case undefined:
    default:
      return new LocalHttpError(
        'bad_answer',
        socketPath,
        `no HTTP answer on ${socketPath} (${errno ?? 'unknown error'})`,
      );
  }
}
