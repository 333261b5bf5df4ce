/** What an error of a connection to the receiver means. Pure. */
import type { Problem } from './client-error.ts';

/** @param systemCode the error's `code`: an errno, or one of Node's HTTP parser */
export function connectionProblem(systemCode: string | undefined, socketPath: string): Problem {
  switch (systemCode) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED':
      return {
        code: 'receiver_not_running',
        message: `token-receiver is not running: nobody listens at ${socketPath}. Start it with: token-receiver run`,
      };
    case 'ECONNRESET':
    case 'EPIPE':
      return lost(socketPath);
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'denied',
        message: `This user may not connect to ${socketPath}: its mode and group are the receiver's socket_mode and socket_group.`,
      };
    case 'EAGAIN':
      return { code: 'receiver_busy', message: `Too many programs wait to connect to ${socketPath} already.` };
    case undefined:
    default:
      return notOurs(socketPath, systemCode ?? 'unknown error');
  }
}

export function lost(socketPath: string): Problem {
  return { code: 'receiver_not_running', message: `token-receiver closed the connection at ${socketPath}.` };
}

export function silent(socketPath: string, silenceMs: number): Problem {
  return {
    code: 'timeout',
    message: `token-receiver has not said anything at ${socketPath} for ${silenceMs / 1_000} seconds.`,
  };
}

export function badStatus(socketPath: string, status: number): Problem {
  if (status !== 503) return notOurs(socketPath, `HTTP ${status}`);
  const message = `token-receiver has no room for one more reader at ${socketPath}: see its max_readers.`;
  return { code: 'receiver_busy', message };
}

export function notOurs(socketPath: string, what: string): Problem {
  return {
    code: 'bad_answer',
    message: `The program at ${socketPath} does not answer as a token-receiver does (${what}). Is it the right path?`,
  };
}
