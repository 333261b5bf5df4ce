import { ConfigurationError } from '@token-relay/daemon';
import { readFileSync } from 'node:fs';

/**
 * The number of a group, given its name or number. Groups of the machine itself are known (group(5)), not those of a
 * directory service: give their number.
 * @throws ConfigurationError
 */
export function groupId(nameOrNumber: string, groupFile = '/etc/group'): number {
  if (/^\d{1,9}$/.test(nameOrNumber)) return Number(nameOrNumber);
  const line = readFileSync(groupFile, 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${nameOrNumber}:`));
  const id = line?.split(':')[2];
  if (id !== undefined && /^\d+$/.test(id)) return Number(id);
  throw new ConfigurationError(
    'config_invalid',
    `socket_group: there is no group "${nameOrNumber}" in ${groupFile}; make it (groupadd ${nameOrNumber}), or give the number of one that exists.`,
  );
}
