import { dirname } from 'node:path';

/**
 * Why a socket could not be opened.
 *
 * `socket_in_use`: a program listens at the path. `not_a_socket`: something else is at the path. `path_too_long`: more than 107 bytes.
 * `folder_missing`, `not_writable`: the socket's folder. `group_not_permitted`: this user may not give a file to the group.
 * `address_in_use`, `address_not_available`, `port_not_permitted`: TCP. `tls_required`: a TCP address that other machines can
 * reach. `no_address`: neither a path nor a port was given. `bad_descriptor`: an inherited socket that cannot be served.
 * `not_ours`: an inherited socket whose file is gone. `out_of_resources`: a full disk, or no more open files or memory; it may pass.
 * `bind_failed`: anything else, with the system's code in the message.
 */
export type SocketBindErrorCode =
  | 'socket_in_use'
  | 'not_a_socket'
  | 'path_too_long'
  | 'folder_missing'
  | 'not_writable'
  | 'group_not_permitted'
  | 'address_in_use'
  | 'address_not_available'
  | 'port_not_permitted'
  | 'tls_required'
  | 'no_address'
  | 'bad_descriptor'
  | 'not_ours'
  | 'out_of_resources'
  | 'bind_failed';

export class SocketBindError extends Error {
  override readonly name = 'SocketBindError';
  readonly code: SocketBindErrorCode;

  constructor(code: SocketBindErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The system's name for what went wrong, such as ENOENT; UNKNOWN for an error that did not come from the system. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}

/** What the system said about a socket's folder, or about a step within it. */
export function folderError(error: unknown, path: string): SocketBindError {
  const folder = dirname(path);
  const code = systemCode(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SocketBindError(
        'folder_missing',
        `The folder of the socket ${path} does not exist. Create ${folder}, or choose another path.`,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new SocketBindError(
        'not_writable',
        `This user may not create the socket ${path} (${code}). Give it write access to ${folder}, or choose another path.`,
      );
    default:
      return bindFailed(path, error);
  }
}

export function bindFailed(path: string, error: unknown): SocketBindError {
  const code = systemCode(error);
  const advice = OUT_OF_RESOURCES[code];
  return advice === undefined
    ? new SocketBindError('bind_failed', `The socket ${path} could not be opened (${code}). Choose another path.`)
    : new SocketBindError('out_of_resources', `The socket ${path} could not be opened (${code}). ${advice}`);
}

const FREE_SPACE = 'Free some space on its disk.';
const CLOSE_FILES = 'Close programs, or allow more open files (LimitNOFILE= of a unit).';
/** By the system's code: what is in short supply, and may be there again without a change of the settings. */
const OUT_OF_RESOURCES: Readonly<Record<string, string>> = {
  ENOSPC: FREE_SPACE,
  EDQUOT: FREE_SPACE,
  EMFILE: CLOSE_FILES,
  ENFILE: CLOSE_FILES,
  ENOMEM: 'The machine has no memory left: close programs.',
};
