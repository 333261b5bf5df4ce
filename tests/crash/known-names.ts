/**
 * Gives the temporary files of saves names that are known beforehand, `…0001.tmp`, `…0002.tmp`…, so that strace can be told to look at
 * them. Import it before anything else, or name it with --import.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** Set to any text in the environment of the program. */
export const KNOWN_NAMES = 'CRASH_KNOWN_NAMES';

const random = crypto.randomBytes;
let count = 0;

function knownBytes(size: number): Buffer {
  if (size !== 8) return random(size);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE((count += 1), 4);
  return bytes;
}

if (process.env[KNOWN_NAMES] !== undefined) {
  Object.assign(crypto, { randomBytes: knownBytes });
  syncBuiltinESMExports();
}
