/** The longest path that an address can hold (unix(7): 108 bytes with the closing NUL). */
export const MAX_SOCKET_PATH_BYTES = 107;

/** Why there can be no socket at the path, for people, beginning with it: it is too long. undefined: it is not. */
export function socketPathProblem(path: string): string | undefined {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return undefined;
  return `${path} is longer than ${MAX_SOCKET_PATH_BYTES} bytes, the limit of unix(7); choose a shorter one.`;
}
