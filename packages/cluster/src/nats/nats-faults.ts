/** What an error of the NATS client means. Nobody matches on its messages, but where NATS gives nothing else. */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import type { StoreFault } from '../store.ts';

/** Of what is in the store: no fault. */
export type NatsAnswer = { readonly kind: 'refused' } | { readonly kind: 'nothing' } | { readonly kind: 'no_bucket' };

/** TLS alerts and OpenSSL's verdicts on certificates (node:tls, `error.code`). */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|HOSTNAME_)/;
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

/** @param where the server, without credentials */
export function faultOf(error: unknown, where: string): StoreFault {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    const fault = knownFault(cause, where);
    if (fault !== undefined) return fault;
  }
  const text = error instanceof Error ? error.message : 'unknown error';
  return { kind: 'away', reason: `${where} does not answer as it should (${text}); ${PASSES}` };
}

function knownFault(error: Error, where: string): StoreFault | undefined {
  if (error instanceof errors.PermissionViolationError) {
    const advice = 'give this user the rights that docs/cluster.md lists';
    return unusable(
      `${where} does not let this host ${error.operation === 'publish' ? 'publish to' : 'subscribe to'} ${error.subject}: ${advice}`,
    );
  }
  if (error instanceof errors.UserAuthenticationExpiredError) {
    return unusable(`${where} says that this host's credentials have expired: make new ones (cluster.credentials)`);
  }
  if (error instanceof errors.AuthorizationError) {
    return unusable(
      `${where} does not know this host: see cluster.nkey or cluster.credentials, and the server's accounts`,
    );
  }
  if (error instanceof errors.NoRespondersError) {
    return {
      kind: 'away',
      reason: `${where} has no JetStream now: it is off there (jetstream {} in the server's file), or the servers have no majority; ${PASSES}`,
    };
  }
  if (error instanceof errors.TimeoutError) {
    return {
      kind: 'away',
      reason: `${where} did not answer in time: the network, or the servers have no majority; ${PASSES}`,
    };
  }
  if (error instanceof JetStreamApiError) {
    const { code, description } = error.apiError();
    return code === 503
      ? { kind: 'away', reason: `${where} says: ${description}; ${PASSES}` }
      : unusable(`${where} says: ${description}`);
  }
  return systemFault(error, where);
}

function systemFault(error: Error, where: string): StoreFault | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code === undefined) return undefined;
  if (CERTIFICATE.test(code)) {
    return unusable(
      `TLS with ${where} fails: ${certificateWords(code)} (${code}); see cluster.tls, and the server's certificate`,
    );
  }
  return { kind: 'away', reason: `${where} cannot be reached (${code}); ${PASSES}` };
}

function certificateWords(code: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return 'the server’s certificate has expired';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'the server’s certificate is for another name';
    case 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED':
    case 'ERR_SSL_TLSV1_ALERT_CERTIFICATE_EXPIRED':
      return 'the server says that our certificate has expired';
    case 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED':
      return 'the server wants a certificate of ours';
    default:
      return 'one side does not trust the other’s certificate';
  }
}

function unusable(reason: string): StoreFault {
  return { kind: 'unusable', reason };
}
