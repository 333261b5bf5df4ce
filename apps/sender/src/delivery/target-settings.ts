/** `targets:` in sender.yaml: a list. `socket_path` is short for a list of one. */
import { ConfigurationError } from '@token-relay/daemon';
import { isLoopback, MAX_SOCKET_PATH_BYTES, type TokenAddress } from '@token-relay/socket';
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import type { TargetConfig } from './target.ts';

const targetSchema = z.strictObject({
  name: z.string().check(z.regex(/^[\w.-]{1,64}$/)),
  /** the path of a Unix socket */
  unix: z.optional(z.string().check(z.minLength(1))),
  /** `HOST:PORT`, on loopback */
  tcp: z.optional(z.string().check(z.regex(/^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i))),
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
    };
  });
}

function addressOf(target: TargetSettings[number], cwd: string): TokenAddress {
  const where = `target "${target.name}"`;
  if (target.unix !== undefined && target.tcp === undefined) return unixAddress(resolve(cwd, target.unix), where);
  if (target.tcp !== undefined && target.unix === undefined) return tcpAddress(target.tcp, where);
  throw invalid(`${where} needs either "unix" (the path of a socket) or "tcp" (HOST:PORT).`);
}

function unixAddress(path: string, where: string): TokenAddress {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw invalid(
      `${where}: the socket path ${path} is longer than ${MAX_SOCKET_PATH_BYTES} bytes, the limit of unix(7); choose a shorter one.`,
    );
  }
  return { kind: 'unix', path };
}

function tcpAddress(text: string, where: string): TokenAddress {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(text.slice(colon + 1));
  if (port < 1 || port > 65_535) throw invalid(`${where}: ${port} is not a TCP port (1 to 65535).`);
  if (!isLoopback(host)) {
    throw invalid(
      `${where}: ${host} is not on loopback, and the token would cross the network in the clear; use 127.0.0.1, ::1 or localhost.`,
    );
  }
  return { kind: 'tcp', host, port };
}

function invalid(problem: string): ConfigurationError {
  return new ConfigurationError('config_invalid', problem);
}
