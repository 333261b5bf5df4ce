/** Turns what a part rejected with into what the command line says: a message for people, and the design's exit code. */
import { CommandFailure, ExitCode, LocalHttpError, serviceFolders } from '@token-relay/daemon';
import { SocketBindError } from '@token-relay/socket';
import { TokenError } from '@token-relay/tokens';

/** An error that is none of these comes back as it is: it is a bug, and is shown as one. */
export function asCommandFailure(error: unknown): unknown {
  if (error instanceof SocketBindError) {
    // What is in use or full now may be free later: a process manager may try again. The rest is for a person to change.
    const mayPass = ['socket_in_use', 'out_of_resources'].includes(error.code);
    return new CommandFailure(error.message, mayPass ? ExitCode.failed : ExitCode.configuration);
  }
  if (error instanceof LocalHttpError) {
    switch (error.code) {
      case 'daemon_not_running':
        return notRunning(error.socketPath);
      case 'denied': {
        const who = isOfService(error.socketPath) ? 'as root' : 'as the user that the sender runs as';
        return new CommandFailure(`${error.message}: run this ${who}.`, ExitCode.failed);
      }
      case 'timeout':
        return new CommandFailure(`${error.message}; try again.`, ExitCode.tryAgain);
      case 'bad_answer':
        return new CommandFailure(error.message, ExitCode.failed);
    }
  }
  if (error instanceof TokenError) {
    switch (error.code) {
      case 'token_not_found':
      case 'login_required':
      case 'token_expired':
        return new CommandFailure(error.message, ExitCode.loginRequired);
      case 'token_file_invalid':
      case 'token_file_unreadable':
      case 'token_file_too_open':
      case 'token_file_encrypted':
      case 'token_file_key_wrong':
      case 'key_file_invalid':
      case 'format_unsuitable':
        return new CommandFailure(error.message, ExitCode.configuration);
      case 'token_invalid':
      case 'token_save_failed':
      case 'token_clear_failed':
      case 'newer_login_on_disk':
      case 'file_exists':
      case 'refresh_unavailable':
        return new CommandFailure(error.message, ExitCode.failed);
    }
  }
  return error;
}

export function notRunning(controlSocketPath: string): CommandFailure {
  const start = isOfService(controlSocketPath) ? 'systemctl start token-refresh-sender' : 'token-refresh-sender run';
  return new CommandFailure(
    `token-refresh-sender is not running (nobody listens at ${controlSocketPath}). Start it with: ${start}`,
    ExitCode.unavailable,
  );
}

function isOfService(controlSocketPath: string): boolean {
  return controlSocketPath.startsWith(`${serviceFolders.senderRuntime}/`);
}
