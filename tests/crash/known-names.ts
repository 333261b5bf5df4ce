/**
 * Gives the temporary files of saves names that are known beforehand (known-paths.ts), so that strace can be told to look at them, and a
 * link can be planted there. A program does so that imports this before anything else, with the variable set.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** Set to any text in the environment of the program. */
const KNOWN_NAMES = 'CRASH_KNOWN_NAMES';

/** Returns what ends it. */
export function useKnownNames(): () => void {
  const { randomBytes } = crypto;
  const { random } = Math;
  let count = 0;
  const knownBytes = (size: number): Buffer => {
    if (size !== 8) return randomBytes(size);
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE((count += 1), 4);
    return bytes;
  };
  let draws = 0;
  const put = (bytes: unknown, number: () => number): void => {
    Object.assign(crypto, { randomBytes: bytes });
    syncBuiltinESMExports();
    Math.random = number;
  };
  // Near 1, so that a wait with jitter is as long as it can be.
  put(knownBytes, () => 1 - (draws += 1) / 2 ** 32);
  return () => put(randomBytes, random);
}

if (process.env[KNOWN_NAMES] !== undefined) useKnownNames();
