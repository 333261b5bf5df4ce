import { readFileSync } from 'node:fs';

/** Users and groups have 32 bits, and the highest number means none (chown(2)). */
const HIGHEST = 2 ** 32 - 2;

/**
 * The number of a user or group, given its name or number; undefined if there is none of that name. Those of the machine
 * itself are known, not those of a directory service: they have to be given as numbers.
 * @param file `/etc/passwd` (passwd(5)) or `/etc/group` (group(5)): both have the number in the third place
 */
export function accountNumber(nameOrNumber: string, file: string): number | undefined {
  if (isNumber(nameOrNumber)) return Number(nameOrNumber);
  const entries = read(file).split('\n');
  const number = entries.map((entry) => entry.split(':')).find(([name]) => name === nameOrNumber)?.[2];
  return number !== undefined && isNumber(number) ? Number(number) : undefined;
}

/** The name of the user or group with this number; undefined if the machine itself has none. */
export function accountName(number: number, file: string): string | undefined {
  const entries = read(file).split('\n');
  const [name] = entries.map((entry) => entry.split(':')).find((fields) => fields[2] === String(number)) ?? [];
  return name === '' ? undefined : name;
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= HIGHEST;
}

/** A machine without the file has no names. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
