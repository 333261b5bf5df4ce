import type { Socket } from 'node:net';

/** systemd's CREDENTIAL_SIZE_MAX (src/shared/creds-util.h), of which the credential's name takes some. */
const LARGEST_CREDENTIAL_BYTES = 1024 * 1024;

const LINE =
  'This is no token: token-receiver has none that is valid. It says so at such length because systemd refuses a credential of more than 1 MiB, and an empty one would start the unit.\n';
const CHUNK_BYTES = 64 * 1024;
const CHUNKS = LARGEST_CREDENTIAL_BYTES / CHUNK_BYTES + 1;

/**
 * Makes `LoadCredential=` fail, so that the unit does not start without a token.
 *
 * systemd takes whatever it reads until end of file for the credential, an empty read included, and a Unix socket cannot
 * be reset by us while the peer has sent nothing. What it does refuse is a credential that is too large: then the unit
 * fails with `status=243/CREDENTIALS`, "Protocol error" (measured on 252). So it is sent a line that explains itself, until
 * it has had enough.
 *
 * Resolves to whether it took any of it: a unit that was stopped while it waited is gone without our having been told.
 */
export function refuseCredential(socket: Socket): Promise<boolean> {
  const chunk = Buffer.from(LINE.repeat(Math.ceil(CHUNK_BYTES / LINE.length))).subarray(0, CHUNK_BYTES);
  return new Promise((resolve) => {
    const send = (left: number): void => {
      if (left === 0) socket.end(() => resolve(true));
      else socket.write(chunk, (error) => (error ? resolve(left < CHUNKS) : send(left - 1)));
    };
    send(CHUNKS);
  });
}
