/** What an error of the NATS client means. Nobody matches on its messages, but where NATS gives nothing else. */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { X509Certificate } from 'node:crypto';
import type { StoreFault } from '../store.ts';

/** A store that is there and cannot be used. The message says what it has or is, and what to do; the address is put before it. */
export class UnfitStoreError extends Error {}

/** A file of ours that no server can take; as {@link UnfitStoreError} for the rest. */
export class OwnFileError extends UnfitStoreError {}

/**
 * Of servers that find together again, whatever the status says: from "incomplete results" to "not leader", with "no suitable
 * peers for placement" among them (nats-server, server/errors.json).
 */
function isOfServers(code: number): boolean {
  return code >= 10_004 && code <= 10_009;
}

/** Of what is in the store: no fault. */
export type NatsAnswer = { readonly kind: 'refused' } | { readonly kind: 'nothing' } | { readonly kind: 'no_bucket' };

/** errors.json of nats-server: JSStreamReplicasNotSupportedErr */
const REPLICAS_WITHOUT_CLUSTER = 10074;
/** TLS alerts and OpenSSL's verdicts on certificates (node:tls, `error.code`). */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|HOSTNAME_)/;
/** Of what a server says of itself. */
const MAX_SAID = 200;
const PASSES = 'it is tried again for ever';

export function answerIn(error: unknown): NatsAnswer | undefined {
  if (!(error instanceof JetStreamApiError)) return undefined;
  switch (error.code) {
    case JetStreamApiCodes.StreamWrongLastSequence:
    case JetStreamApiCodes.StreamWrongLastSequenceUnknown:
      return { kind: 'refused' };
    case JetStreamApiCodes.NoMessageFound:
      return { kind: 'nothing' };
    case JetStreamApiCodes.StreamNotFound:
      return { kind: 'no_bucket' };
    default:
      return undefined;
  }
}

/**
 * @param where the server, without credentials
 * @param certificate ours, as PEM, where there is one
 */
export function faultOf(error: unknown, where: string, certificate?: string): StoreFault {
  for (const cause of causesOf(error)) {
    const fault = knownFault(cause, where) ?? systemFault(cause, where, certificate);
    if (fault !== undefined) return fault;
  }
  const text = error instanceof Error ? error.message : 'unknown error';
  return { kind: 'away', reason: `${where} does not answer as it should (${text}); ${PASSES}` };
}

/** Nobody in the server answers requests for JetStream. */
export function hasNoResponders(error: unknown): boolean {
  return causesOf(error).some((cause) => cause instanceof errors.NoRespondersError);
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let cause = error; cause instanceof Error && causes.length < 5; cause = cause.cause) causes.push(cause);
  return causes;
}

function knownFault(error: Error, where: string): StoreFault | undefined {
  if (error instanceof OwnFileError) return ours(`${where}: ${error.message}`);
  if (error instanceof UnfitStoreError) return unusable(`${where}: ${error.message}`);
  if (error instanceof errors.PermissionViolationError) {
    const advice = 'give this user the rights that docs/cluster.md lists';
    return unusable(
      `${where} does not let this host ${error.operation === 'publish' ? 'publish to' : 'subscribe to'} ${rightFor(error.subject)}: ${advice}`,
    );
  }
  if (error instanceof errors.UserAuthenticationExpiredError) {
    return ours(`${where} says that this host's credentials have expired: make new ones (cluster.credentials)`);
  }
  if (error instanceof errors.AuthorizationError) {
    return ours(`${where} does not know this host: see cluster.nkey or cluster.credentials, and the server's accounts`);
  }
  if (error instanceof errors.NoRespondersError) {
    return {
      kind: 'away',
      reason: `${where} has no JetStream now: the servers have no majority, or have just started; ${PASSES}`,
    };
  }
  if (error instanceof errors.TimeoutError) {
    return {
      kind: 'away',
      reason: `${where} did not answer in time: the network, or the servers have no majority; ${PASSES}`,
    };
  }
  if (error instanceof JetStreamApiError) {
    const { code } = error.apiError();
    const description = plain(error.apiError().description);
    if (error.code === JetStreamApiCodes.JetStreamNotEnabledForAccount) {
      return unusable(`${where}: this user's account has no JetStream: write jetstream: enabled into it`);
    }
    if (error.code === REPLICAS_WITHOUT_CLUSTER)
      return unusable(`${where} says: ${description} (cluster.replicas); see docs/cluster.md`);
    return code === 503 || isOfServers(error.code)
      ? { kind: 'away', reason: `${where} says: ${description}; ${PASSES}` }
      : unusable(`${where} says: ${description}; see docs/cluster.md`);
  }
  // The client has no class for it, and no code.
  if (error instanceof errors.ConnectionError && error.message === "server does not support 'tls'") {
    return unusable(`${where} speaks no TLS: write tls {} into the server's file, as docs/cluster.md has it`);
  }
  return undefined;
}

/** As a right is given: names that are made up anew for each connection are left out. */
function rightFor(subject: string): string {
  return subject
    .replace(/^_INBOX\..*/, '_INBOX.>')
    .replace(/^(\$JS\.API\.CONSUMER\.(?:CREATE|DELETE)\.[^.]+)\..*/, '$1.>');
}

function systemFault(error: Error, where: string, certificate: string | undefined): StoreFault | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return undefined;
  if (!CERTIFICATE.test(code)) return { kind: 'away', reason: `${where} cannot be reached (${code}); ${PASSES}` };
  const reason = `TLS with ${where} fails: ${certificateWords(code, certificate)} (${code}); see cluster.tls`;
  return isRefusalOfOurs(code) ? ours(reason) : unusable(reason);
}

/** An alert is what the server says of us: older ones say "bad certificate" whatever it is. */
function isRefusalOfOurs(code: string): boolean {
  return /ALERT.*(CERTIFICATE|UNKNOWN_CA)/.test(code);
}

function certificateWords(code: string, ours: string | undefined): string {
  if (isRefusalOfOurs(code)) {
    return ours === undefined
      ? 'the server wants a certificate of ours'
      : `the server does not take our certificate, which is good until ${new X509Certificate(ours).validTo}`;
  }
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'the server’s certificate has expired';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'the server’s certificate is for another name';
    default:
      return 'the server’s certificate is not of an authority that we trust';
  }
}

/** What a server says goes to a terminal: it is not to be trusted with it. */
export function plain(text: string): string {
  return text.slice(0, MAX_SAID).replaceAll(/[^ -~]/g, '?');
}

function unusable(reason: string): StoreFault {
  return { kind: 'unusable', reason };
}

function ours(reason: string): StoreFault {
  return { kind: 'unusable', reason, isOurs: true };
}
