import type { IncomingMessage } from 'node:http';

/** The host that a request names, if it names one and no more: node:http keeps the first of several, and forgets the others. */
export function onlyHost({ headers, rawHeaders }: IncomingMessage): string | undefined {
  return hostCount(rawHeaders) === 1 ? headers.host : undefined;
}

/** @param raw alternating names and values */
export function hostCount(raw: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index];
    if (name?.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}
