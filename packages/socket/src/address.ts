import { BlockList, isIP } from 'node:net';

/** Where a token socket is. `tcp` is for this machine only; `tls` is for any. */
export type TokenAddress =
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number }
  | { kind: 'tls'; host: string; port: number };

/** The way that a message came. */
export type Arrival = TokenAddress['kind'];

/** `unix:/run/x.sock`, `tcp:127.0.0.1:9999`, `tcp:[::1]:9999`, `tls:example.com:9999`. */
export function formatAddress(address: TokenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
  return `${address.kind}:${host}:${address.port}`;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether a host is this machine and cannot be reached from another. A name other than `localhost` is not trusted to be. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
