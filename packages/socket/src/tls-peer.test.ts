import { describe, expect, test } from 'vitest';
import { judgeHandshake, judgePeer, printableName } from './tls-peer.ts';

describe('judgePeer', () => {
  const good = { authorized: true, hasCertificate: true, name: 'bot' };

  test.each([
    ['anybody whose certificate is good, where no names are set', good, undefined],
    ['one without a name too', { authorized: true, hasCertificate: true }, undefined],
    ['one whose name is set', good, ['other', 'bot']],
  ])('admits %s', (_, facts, clients) => {
    expect(judgePeer(facts, clients)).toEqual({ admitted: true });
  });

  test.each([
    ['no_certificate', { authorized: false, hasCertificate: false, problem: 'UNABLE_TO_GET_ISSUER_CERT' }, undefined],
    ['no_certificate', { authorized: true, hasCertificate: false }, undefined],
    ['untrusted', { ...good, authorized: false, problem: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, undefined],
    ['untrusted', { ...good, authorized: false }, ['bot']],
    ['expired', { ...good, authorized: false, problem: 'CERT_HAS_EXPIRED' }, ['bot']],
    ['not_yet_valid', { ...good, authorized: false, problem: 'CERT_NOT_YET_VALID' }, undefined],
    ['name_not_permitted', good, []],
    ['name_not_permitted', good, ['Bot', 'bot ', 'bots']],
    ['name_not_permitted', { authorized: true, hasCertificate: true }, ['bot']],
  ])('refuses as %s: %j, with names %j', (code, facts, clients) => {
    expect(judgePeer(facts, clients)).toMatchObject({ admitted: false, code, reason: expect.any(String) as string });
  });
});

describe('judgeHandshake', () => {
  test.each([
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'not_tls'],
    ['ERR_SSL_HTTP_REQUEST', 'not_tls'],
    ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'not_tls'],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'tls_too_old'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'distrusts_us'],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'distrusts_us'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'distrusts_us'],
    ['ERR_TLS_HANDSHAKE_TIMEOUT', 'handshake_timeout'],
    ['ERR_SSL_BAD_SIGNATURE', 'handshake_failed'],
  ])('%s is %s', (errorCode, code) => {
    expect(judgeHandshake(errorCode)).toEqual({ code, reason: expect.any(String) as string });
  });

  test.each(['ECONNRESET', 'EPIPE', 'UNKNOWN'])('%s is a connection that ended', (errorCode) => {
    expect(judgeHandshake(errorCode)).toBeUndefined();
  });
});

test('a name that someone else chose is short and in one line', () => {
  expect(printableName('Zoë’s bot 2')).toBe('Zoë’s bot 2');
  expect(printableName('a\nb\u001b[31m\u2028c\u202ed')).toBe('a?b?[31m?c?d');
  expect(printableName('x'.repeat(1000))).toHaveLength(64);
});
