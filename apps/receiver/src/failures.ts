/** Turns what a part rejected with into what the command line says: a message for people, and the design's exit code. */
import { accountName, CommandFailure, ExitCode, LocalHttpError, serviceFolders } from '@token-relay/daemon';
import { SocketBindError, TlsMaterialError } from '@token-relay/socket';
import { statSync } from 'node:fs';

/** Of the socket for applications, as systemd/ has it. */
const READERS = 'token-readers';

/** An error that is none of these comes back as it is: it is a bug, and is shown as one. */
export function asCommandFailure(error: unknown): unknown {
  if (error instanceof SocketBindError) {
    // What is in use or full now may be free later: a process manager may try again. The rest is for a person to change.
    const mayPass = ['socket_in_use', 'address_in_use', 'out_of_resources'].includes(error.code);
    return new CommandFailure(error.message, mayPass ? ExitCode.failed : ExitCode.configuration);
  }
  if (error instanceof TlsMaterialError) return new CommandFailure(error.message, ExitCode.configuration);
  if (error instanceof LocalHttpError) {
    switch (error.code) {
      case 'daemon_not_running':
        return new CommandFailure(
          `token-receiver is not running (nobody listens at ${error.socketPath}). Start it with: ${isOfService(error.socketPath) ? 'systemctl start token-receiver' : 'token-receiver run'}`,
          ExitCode.unavailable,
        );
      case 'denied':
        return new CommandFailure(`${error.message}: ${whoMayConnect(error.socketPath)}`, ExitCode.failed);
      case 'timeout':
        return new CommandFailure(`${error.message}; try again.`, ExitCode.tryAgain);
      case 'bad_answer':
        return new CommandFailure(error.message, ExitCode.failed);
    }
  }
  return error;
}

function isOfService(socketPath: string): boolean {
  return socketPath.startsWith(`${serviceFolders.receiverRuntime}/`);
}

function whoMayConnect(socketPath: string): string {
  if (!isOfService(socketPath)) return "its mode and group are the receiver's socket_mode and socket_group.";
  const stats = statSync(socketPath, { throwIfNoEntry: false });
  const group = (stats && accountName(stats.gid, '/etc/group')) ?? READERS;
  return `it is open to the group ${group}. As root: usermod --append --groups ${group} USER, and let that user log in again.`;
}
