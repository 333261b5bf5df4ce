/**
 * Gives the temporary files of saves names that are known beforehand, `…0001.tmp`, `…0002.tmp`…, so that strace can be told to look at
 * them, and a link can be planted there. A program does so that imports this before anything else, with the variable set.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** Set to any text in the environment of the program. */
export const KNOWN_NAMES = 'CRASH_KNOWN_NAMES';

/** Returns what ends it. */
export function useKnownNames(): () => void {
  const random = crypto.randomBytes;
  let count = 0;
  const known = (size: number): Buffer => {
    if (size !== 8) return random(size);
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE((count += 1), 4);
    return bytes;
  };
  const put = (randomBytes: unknown): void => {
    Object.assign(crypto, { randomBytes });
    syncBuiltinESMExports();
  };
  put(known);
  return () => put(random);
}

if (process.env[KNOWN_NAMES] !== undefined) useKnownNames();
