import { accountNumber, ConfigurationError } from '@token-relay/daemon';

/**
 * The number of a group, given its name or number. Groups of the machine itself are known (group(5)), not those of a
 * directory service: give their number.
 * @throws ConfigurationError
 */
export function groupId(nameOrNumber: string, groupFile = '/etc/group'): number {
  const id = accountNumber(nameOrNumber, groupFile);
  if (id !== undefined) return id;
  throw new ConfigurationError(
    'config_invalid',
    `socket_group: there is no group "${nameOrNumber}" in ${groupFile}; make it (groupadd ${nameOrNumber}), or give the number of one that exists.`,
  );
}
