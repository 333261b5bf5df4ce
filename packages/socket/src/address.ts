import { BlockList, isIP } from 'node:net';

/** Where a token socket is. */
export type TokenAddress = { kind: 'unix'; path: string } | { kind: 'tcp'; host: string; port: number };

/** `unix:/run/x.sock`, `tcp:127.0.0.1:9999`, `tcp:[::1]:9999`. */
export function formatAddress(address: TokenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
  return `tcp:${host}:${address.port}`;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether a host is this machine and cannot be reached from another. A name other than `localhost` is not trusted to be. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
