import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { linkTarget, refusePlanted, UntrustedPathError } from '@token-relay/paths';
import { systemCode } from './bind-error.ts';
import { DeliveryError, deliveryErrorFromSystem } from './delivery-error.ts';

/**
 * Looks whether a stranger may have put the socket there, or a folder or link on the way, to be sent the token. What is left to
 * the owner of a folder that not everyone may write to is theirs to say. Node does not tell who listens (SO_PEERCRED), so the
 * file has to; where the sticky bit is set, as in /tmp, nobody but its owner and root can exchange it afterwards.
 *
 * `owner`: a user whose sockets are trusted beside root's and our own. Rejects with a DeliveryError, and with nothing else.
 */
export async function refuseUntrustedTarget(path: string, name: string, owner: number | undefined): Promise<void> {
  try {
    const socket = await linkTarget(path, owner);
    refusePlanted(socket, await lstat(socket), await stat(dirname(socket)), owner);
  } catch (error) {
    if (!(error instanceof UntrustedPathError)) throw deliveryErrorFromSystem(systemCode(error), name);
    throw new DeliveryError(
      'untrusted_socket',
      `${name} is not sent the token: ${error.message}. If that user is who shall have it, make it the owner of this target (targets: owner).`,
    );
  }
}
