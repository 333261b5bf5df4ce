/** How to connect to one server of NATS. */
import {
  credsAuthenticator,
  nkeyAuthenticator,
  type Authenticator,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { OwnFileError } from './nats-faults.ts';

/** PEM texts, not paths: whoever read the files has said what is wrong with them. */
export interface NatsTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export type NatsLogin =
  { readonly kind: 'nkey'; readonly seed: Uint8Array } | { readonly kind: 'credentials'; readonly text: Uint8Array };

/** How a server knows us, and we it. */
export interface NatsAccess {
  /** undefined: plain text, for loopback only */
  readonly tls: NatsTls | undefined;
  readonly login: NatsLogin | undefined;
}

export interface NatsConnectionSettings {
  readonly host: string;
  /** Asked for each connection: certificates are renewed. */
  readonly access: () => NatsAccess;
}

/**
 * A dead connection is found by the requests of the lease and of the presence, some each lease, and by the minute's reads.
 * A host that cannot use the store makes none: there, it is dead when two of these were not answered.
 */
const PING_EVERY_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;

export function connectionOptions(server: string, { host, access }: NatsConnectionSettings): NodeConnectionOptions {
  const { tls, login } = access();
  return {
    servers: [server],
    name: `token-refresh-sender on ${host}`,
    // nats-store.ts connects again, to any server of the list, and knows what was wrong with each.
    reconnect: false,
    maxReconnectAttempts: 1,
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
    timeout: CONNECT_TIMEOUT_MS,
    // Gossip would lead to addresses that the settings do not name.
    ignoreClusterUpdates: true,
    noAsyncTraces: true,
    // A server that asks for TLS gets it also without a word of it here; then it has to be one that the machine trusts.
    ...(tls === undefined ? {} : { tls: tlsOptions(server, tls) }),
    ...(login === undefined ? {} : { authenticator: authenticatorFor(login) }),
  };
}

/** @param server `HOST:PORT` or `nats://HOST:PORT` */
function hostOf(server: string): string {
  return server
    .replace(/^nats:\/\//, '')
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '');
}

/** `host`: what the certificate has to be for. The client names the server only if that has a name; for an address, Node would have it be `localhost`. */
function tlsOptions(
  server: string,
  { ca, cert, key }: NatsTls,
): { host: string; ca?: string; cert?: string; key?: string } {
  return {
    host: hostOf(server),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function authenticatorFor(login: NatsLogin): Authenticator {
  switch (login.kind) {
    case 'nkey':
      return judging(nkeyAuthenticator(login.seed), 'the file of cluster.nkey holds no seed of a user (SU…)');
    case 'credentials':
      return judging(credsAuthenticator(login.text), 'the file of cluster.credentials is no credentials file of NATS');
  }
}

/** The client reads what it was given only when a server asks for it. */
function judging(authenticator: Authenticator, problem: string): Authenticator {
  return (nonce) => {
    try {
      return authenticator(nonce);
    } catch {
      // Its own words may quote the secret.
      throw new OwnFileError(`${problem}: make one as docs/cluster.md says`);
    }
  };
}
