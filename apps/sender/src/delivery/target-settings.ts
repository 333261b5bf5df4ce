/** `targets:` in sender.yaml: a list. `socket_path` is short for a list of one. */
import { accountNumber, ConfigurationError } from '@token-relay/daemon';
import { formatAddress, isLoopback, socketPathProblem, type TokenAddress } from '@token-relay/socket';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import type { TargetConfig } from './target.ts';

const text = z.string().check(z.minLength(1));

const tlsSchema = z.strictObject({
  /** our certificate, which the receiver knows us by; a PEM file, like all of these */
  cert: text,
  /** its key (chmod 600) */
  key: text,
  /** the authority that the receiver's certificate must be from */
  ca: text,
  /** whom the receiver's certificate must be for; default: the host of the address */
  server_name: z.optional(text),
});

const targetSchema = z.strictObject({
  name: z.string().check(z.regex(/^[\w.-]{1,64}$/)),
  /** the path of a Unix socket */
  unix: z.optional(text),
  /** the user, as a name or number, whose socket it may be in a folder that anyone may write to; default: ours and root's alone */
  owner: z.optional(z.union([text, z.number()])),
  /** `HOST:PORT`, on loopback unless there is `tls` */
  tcp: z.optional(z.string().check(z.regex(/^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i))),
  tls: z.optional(tlsSchema),
  /** default: json */
  format: z.optional(z.enum(['json', 'raw'])),
  /** default: false; the receiver needs none */
  include_refresh_token: z.optional(z.boolean()),
});

export const targetsSchema = z.array(targetSchema).check(z.maxLength(100));
export type TargetSettings = z.infer<typeof targetsSchema>;

/** @throws ConfigurationError for a target without an address, with two, or one that would send tokens in the clear. */
export function targetConfigs(targets: TargetSettings, cwd: string): readonly TargetConfig[] {
  const names = new Set<string>();
  return targets.map((target) => {
    if (names.has(target.name)) throw invalid(`two targets are named "${target.name}": give each its own name.`);
    names.add(target.name);
    return {
      name: target.name,
      address: addressOf(target, cwd),
      format: target.format ?? 'json',
      includeRefreshToken: target.include_refresh_token ?? false,
      ...(target.owner === undefined ? {} : { socketOwner: ownerOf(target, target.owner) }),
      ...(target.tls === undefined ? {} : { tls: tlsFiles(target.tls, cwd) }),
    };
  });
}

/** What is allowed, and seldom meant. */
export function targetWarnings(targets: readonly TargetConfig[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { name, address } of targets) {
    const place = formatAddress(address);
    names.set(place, [...(names.get(place) ?? []), name]);
  }
  return [
    ...(targets.length === 0
      ? ['targets is an empty list: tokens are refreshed and saved, and delivered to nobody']
      : []),
    ...Array.from(names)
      .filter(([, those]) => those.length > 1)
      .map(
        ([place, those]) =>
          `the targets ${those.join(', ')} have the same address ${place}, which gets each token as often`,
      ),
  ];
}

function addressOf(target: TargetSettings[number], cwd: string): TokenAddress {
  const where = `target "${target.name}"`;
  if (target.unix !== undefined && target.tcp === undefined) {
    if (target.tls !== undefined) throw invalid(`${where}: "tls" goes with "tcp"; a Unix socket does without.`);
    return unixAddress(resolve(cwd, target.unix), where);
  }
  if (target.tcp !== undefined && target.unix === undefined) {
    return tcpAddress(target.tcp, target.tls === undefined ? 'tcp' : 'tls', where);
  }
  throw invalid(`${where} needs either "unix" (the path of a socket) or "tcp" (HOST:PORT).`);
}

function ownerOf({ name, unix }: TargetSettings[number], owner: string | number): number {
  if (unix === undefined) throw invalid(`target "${name}": "owner" is for a Unix socket; leave it out.`);
  const uid = accountNumber(String(owner), '/etc/passwd');
  if (uid !== undefined) return uid;
  throw invalid(`target "${name}": there is no user "${owner}" in /etc/passwd; correct "owner", or give a number.`);
}

function unixAddress(path: string, where: string): TokenAddress {
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw invalid(`${where}: the socket path ${problem}`);
  return { kind: 'unix', path };
}

function tcpAddress(text: string, kind: 'tcp' | 'tls', where: string): TokenAddress {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(text.slice(colon + 1));
  if (port < 1 || port > 65_535) throw invalid(`${where}: ${port} is not a TCP port (1 to 65535).`);
  if (kind === 'tcp' && !isLoopback(host)) {
    throw invalid(
      `${where}: ${host} is not on loopback, and the token would cross the network in the clear; add "tls" (cert, key, ca), or use 127.0.0.1, ::1 or localhost.`,
    );
  }
  return { kind, host, port };
}

function tlsFiles(tls: z.infer<typeof tlsSchema>, cwd: string): NonNullable<TargetConfig['tls']> {
  return {
    cert: resolve(cwd, tls.cert),
    key: resolve(cwd, tls.key),
    ca: resolve(cwd, tls.ca),
    ...(tls.server_name === undefined ? {} : { serverName: tls.server_name }),
  };
}

function invalid(problem: string): ConfigurationError {
  return new ConfigurationError('config_invalid', problem);
}
