import type { RandomSource } from './random-source.ts';
import { announceSecret } from './secrets-channel.ts';

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

function json64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Opaque, `I0.…@`, as SCHWAB.md has it. */
export function mintAccessToken(random: RandomSource): string {
  return announceSecret(`I0.${base64url(random(48))}@`);
}

export function mintRefreshToken(random: RandomSource): string {
  return announceSecret(`${base64url(random(96))}@`);
}

/** Ends in `@`, which a redirect carries as `%40`. */
export function mintCode(random: RandomSource): string {
  return announceSecret(`C0.${base64url(random(36))}@`);
}

/** The `session` of the redirect: a version 4 UUID. */
export function mintSession(random: RandomSource): string {
  const bytes = Buffer.from(random(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A JWT whose signature is random bytes: nothing verifies it, as no client of Schwab's does. */
export function mintIdToken(random: RandomSource, appKey: string, issuedAtMs: number, lifetimeSeconds: number): string {
  const iat = Math.floor(issuedAtMs / 1000);
  const header = { alg: 'RS256', typ: 'JWT', kid: 'sandbox' };
  const claims = {
    sub: 'sandbox-customer',
    aud: appKey,
    iss: 'https://api.schwabapi.com',
    iat,
    exp: iat + lifetimeSeconds,
  };
  return announceSecret(`${json64(header)}.${json64(claims)}.${base64url(random(256))}`);
}
