import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from './configuration-error.ts';
import { runtimeFolder } from './runtime-folder.ts';

/**
 * Whether a daemon of this user has its socket in this user's runtime folder. A folder that is not to be trusted has
 * nothing of ours in it.
 */
export function hasOwnSocket(
  name: string,
  { env, uid }: { env: Readonly<Record<string, string | undefined>>; uid: number },
): boolean {
  try {
    return existsSync(join(runtimeFolder({ env, uid, create: false }), name));
  } catch (error) {
    if (error instanceof ConfigurationError) return false;
    throw error;
  }
}
