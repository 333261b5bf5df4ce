/** The certificate that the redirect is caught with: made here, kept, and used again, so that the browser's exception lasts. */
import { saveAtomically } from '@token-relay/tokens';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { geteuid } from 'node:process';

export interface Certificate {
  /** PEM */
  readonly key: string;
  /** PEM */
  readonly cert: string;
}

const DAY_MS = 86_400_000;
/** A certificate with less left is replaced, at a time when somebody sits before the browser anyway. */
const MIN_LEFT_MS = 30 * DAY_MS;
/** No browser that is in use refuses this much of a certificate that its user has accepted by hand. */
const LIFETIME_MS = 825 * DAY_MS;

/** Beside the token file, which is in a folder of secrets that is ours. */
export function certificateFileFor(tokenFile: string): string {
  return join(dirname(tokenFile), '.callback-certificate.pem');
}

/**
 * The kept certificate if it is good for 30 more days and nobody else can read its key; else a new one, which is kept.
 * @param onProblem told if the new one cannot be kept: it works, but the browser will warn again the next time
 */
export async function callbackCertificate(
  file: string,
  nowMs: number,
  onProblem: (message: string) => void,
): Promise<Certificate> {
  const kept = await readKept(file, nowMs);
  if (kept !== undefined) return kept;
  const made = await makeCertificate(nowMs);
  await saveAtomically(file, `${made.key}${made.cert}`).catch((error: unknown) =>
    onProblem(
      `The callback's certificate is not kept, so the browser will warn of it again: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
  return made;
}

async function readKept(file: string, nowMs: number): Promise<Certificate | undefined> {
  try {
    const pem = await readPrivateFile(file);
    const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(pem)?.[0];
    const cert = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(pem)?.[0];
    if (key === undefined || cert === undefined) return undefined;
    const parsed = new X509Certificate(cert);
    const isGood =
      Date.parse(parsed.validFrom) <= nowMs &&
      Date.parse(parsed.validTo) - nowMs > MIN_LEFT_MS &&
      parsed.checkPrivateKey(createPrivateKey(key));
    return isGood ? { key, cert } : undefined;
  } catch {
    // Missing, broken or open to others: a new one takes its place.
    return undefined;
  }
}

async function readPrivateFile(file: string): Promise<string> {
  // Not to wait for a writer, if the path is a named pipe.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    // Whoever else has the key could read what the browser sends us.
    const isOurs = stats.isFile() && stats.uid === geteuid?.() && (stats.mode & 0o077) === 0;
    return isOurs && stats.size < 64 * 1024 ? await handle.readFile('utf8') : '';
  } finally {
    await handle.close();
  }
}

/** selfsigned is large, and needed once in two years. */
async function makeCertificate(nowMs: number): Promise<Certificate> {
  const { generate } = await import('selfsigned');
  const made = await generate([{ name: 'commonName', value: 'token-refresh-sender on this machine' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // An hour back, for a clock that is set back a little afterwards.
    notBeforeDate: new Date(nowMs - 3_600_000),
    notAfterDate: new Date(nowMs + LIFETIME_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { key: made.private, cert: withLastNewline(made.cert) };
}

function withLastNewline(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`;
}
