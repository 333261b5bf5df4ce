import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { SandboxError } from './errors.ts';

export type SandboxOptions = {
  /** The app key that clients must show. Default: a made-up one of 32 characters. */
  appKey: string;
  /** The app secret that clients must show. Default: a made-up one of 16 characters. */
  appSecret: string;
  /** The registered callback; a client's must be the same byte for byte. Default `https://127.0.0.1:8182`. */
  callbackUrl: string;
  /** A loopback address; anything else is refused. Default 127.0.0.1. */
  host: string;
  /** Default 0: a free port. */
  port: number;
  /** https with a certificate made at start. Default false. */
  tls: boolean;
  /** Lifetime of an access token, whole seconds. Default 1800. */
  accessTokenSeconds: number;
  /** Lifetime of a login, whole seconds; refreshing does not extend it. Default 604800 (7 days). */
  refreshTokenSeconds: number;
  /** Lifetime of an authorization code, whole seconds. Default 30. */
  codeSeconds: number;
  /** Whether each refresh brings a new refresh token and ends the earlier one. Default false. */
  rotateRefreshToken: boolean;
  /** Whether authorize redirects at once, as if the user had gone through its pages. Default false. */
  autoApprove: boolean;
  /** The app is registered and not yet approved: authorize shows an error page, the token endpoint a 401. Default false. */
  unapprovedApp: boolean;
  /** The clock, epoch milliseconds. Default the real one. */
  nowMs: () => number;
  /** Makes every token and code follow from it. Default: random ones. */
  seed: string | number | undefined;
};

/** Made-up credentials of the lengths that Schwab gives out. */
const defaults: SandboxOptions = {
  appKey: 'SandboxAppKey0123456789abcdefABC',
  appSecret: 'SandboxSecret012',
  callbackUrl: 'https://127.0.0.1:8182',
  host: '127.0.0.1',
  port: 0,
  tls: false,
  accessTokenSeconds: 1800,
  refreshTokenSeconds: 604_800,
  codeSeconds: 30,
  rotateRefreshToken: false,
  autoApprove: false,
  unapprovedApp: false,
  nowMs: Date.now,
  seed: undefined,
};

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  if (isIPv4(host)) return loopback.check(host, 'ipv4');
  if (isIPv6(host)) return loopback.check(host, 'ipv6');
  return host === 'localhost';
}

/** Throws SandboxError `not_loopback` or `bad_option`. */
export function resolveOptions(given: Partial<SandboxOptions>): SandboxOptions {
  const options = { ...defaults, ...given };
  if (!isLoopback(options.host)) {
    throw new SandboxError(
      'not_loopback',
      `The sandbox hands out logins to whoever asks, so it listens on this machine only: use 127.0.0.1, ::1 or localhost, not ${options.host}.`,
    );
  }
  for (const name of ['accessTokenSeconds', 'refreshTokenSeconds', 'codeSeconds'] as const) {
    if (!Number.isSafeInteger(options[name]) || options[name] < 1) {
      throw new SandboxError(
        'bad_option',
        `${name} must be a whole number of seconds, 1 or more, not ${options[name]}.`,
      );
    }
  }
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    throw new SandboxError('bad_option', `port must be 0 to 65535, not ${options.port}.`);
  }
  if (!URL.canParse(options.callbackUrl)) {
    throw new SandboxError('bad_option', `callbackUrl must be an absolute URL, not "${options.callbackUrl}".`);
  }
  return options;
}
