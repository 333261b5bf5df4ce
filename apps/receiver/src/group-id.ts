import { ConfigurationError } from '@token-relay/daemon';
import { readFileSync } from 'node:fs';

/** A gid has 32 bits, and the highest means none (chown(2)). */
const HIGHEST_GID = 2 ** 32 - 2;

/**
 * The number of a group, given its name or number. Groups of the machine itself are known (group(5)), not those of a
 * directory service: give their number.
 * @throws ConfigurationError
 */
export function groupId(nameOrNumber: string, groupFile = '/etc/group'): number {
  if (isGid(nameOrNumber)) return Number(nameOrNumber);
  const entries = read(groupFile).split('\n');
  const id = entries.map((entry) => entry.split(':')).find(([name]) => name === nameOrNumber)?.[2];
  if (id !== undefined && isGid(id)) return Number(id);
  throw new ConfigurationError(
    'config_invalid',
    `socket_group: there is no group "${nameOrNumber}" in ${groupFile}; make it (groupadd ${nameOrNumber}), or give the number of one that exists.`,
  );
}

function isGid(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= HIGHEST_GID;
}

/** A machine without the file has no groups with names. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
