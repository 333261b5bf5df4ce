import type { KeyObject, X509Certificate } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { systemCode } from './bind-error.ts';
import { type TlsMaterial, TlsMaterialError } from './tls-material.ts';

/** More than every authority of a system in one file. */
const MAX_FILE_BYTES = 1024 ** 2;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** `clients` is passed on; see TlsMaterial. */
export type TlsFiles = { cert: string; key: string; ca: string; clients?: readonly string[] };

/**
 * Reads our certificate, its key and the authorities from PEM files, and checks that they can be used at `nowMs` (default: now).
 *
 * `credentialsDirectory` is systemd's `$CREDENTIALS_DIRECTORY`: a key in there shows as readable by a group though no group can,
 * so its mode is not looked at. `evenIfExpired` (default: no) leaves it to the peers to refuse what has expired.
 *
 * Rejects with a TlsMaterialError that names the file.
 */
export async function readTlsMaterial(
  files: TlsFiles,
  options: { credentialsDirectory?: string; nowMs?: number; evenIfExpired?: boolean } = {},
): Promise<TlsMaterial> {
  const { credentialsDirectory, nowMs = Date.now(), evenIfExpired = false } = options;
  const cert = await readSmallFile(files.cert);
  const key = await readSmallFile(files.key, (stats) => {
    if (!isWithin(files.key, credentialsDirectory)) refuseOpenKey(files.key, stats);
  });
  const ca = await readSmallFile(files.ca);

  const { createPrivateKey } = await import('node:crypto');
  const [certificate] = await parseCertificates(cert, files.cert);
  const authorities = await parseCertificates(ca, files.ca);
  const privateKey = parseKey(createPrivateKey, key, files.key);
  if (certificate?.checkPrivateKey(privateKey) !== true) {
    throw new TlsMaterialError(
      'key_mismatch',
      `${files.key} is not the key of the certificate ${files.cert}. Give the key that it was made with.`,
      files.key,
    );
  }
  if (!evenIfExpired) {
    refuseExpired([certificate], files.cert, nowMs);
    refuseExpired(authorities, files.ca, nowMs);
  }
  return { cert, key, ca, ...(files.clients === undefined ? {} : { clients: files.clients }) };
}

/**
 * Reads certificates alone from a PEM file, for an end that shows none of its own: the authorities. What has expired is left
 * to the peers. Rejects with a TlsMaterialError that names the file.
 */
export async function readCertificates(file: string): Promise<string> {
  const text = await readSmallFile(file);
  await parseCertificates(text, file);
  return text;
}

async function parseCertificates(text: string, file: string): Promise<X509Certificate[]> {
  const { X509Certificate } = await import('node:crypto');
  try {
    const blocks = text.match(CERTIFICATE);
    if (blocks !== null) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // The same as no certificate at all.
  }
  throw new TlsMaterialError('not_pem', `${file} is not a certificate in PEM form. Is it the right file?`, file);
}

function isWithin(file: string, folder: string | undefined): boolean {
  return folder !== undefined && resolve(file).startsWith(resolve(folder) + sep);
}

function refuseOpenKey(file: string, { mode }: Stats): void {
  if ((mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, '0');
  throw new TlsMaterialError('key_too_open', `others can get at ${file} (mode ${octal}): run chmod 600 ${file}`, file);
}

function parseKey(parse: (pem: string) => KeyObject, pem: string, file: string): KeyObject {
  try {
    return parse(pem);
  } catch {
    const problem = pem.includes('ENCRYPTED')
      ? 'has a passphrase, which nobody could type here. Make one without (openssl: -nodes).'
      : 'is not a private key in PEM form. Is it the right file?';
    throw new TlsMaterialError('not_pem', `${file} ${problem}`, file);
  }
}

/** Of several authorities one is enough. */
function refuseExpired(certificates: readonly X509Certificate[], file: string, nowMs: number): void {
  const lastMs = Math.max(...certificates.map(({ validTo }) => Date.parse(validTo)));
  if (lastMs >= nowMs) return;
  const day = new Date(lastMs).toISOString().slice(0, 10);
  throw new TlsMaterialError('certificate_expired', `${file} expired on ${day}. Make a new certificate.`, file);
}

async function readSmallFile(file: string, inspect: (stats: Stats) => void = () => undefined): Promise<string> {
  // Not to wait for a writer, if the path is a named pipe.
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw openProblem(file, systemCode(error));
  });
  const stats = await handle.stat();
  if (!stats.isFile()) throw unreadable(file, 'is not a regular file');
  if (stats.size > MAX_FILE_BYTES) throw unreadable(file, 'is larger than 1 MiB');
  inspect(stats);
  return (await readBytes(handle, stats.size)).toString('latin1');
}

async function readBytes(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await handle.read(bytes, 0, size, 0);
  return bytes.subarray(0, bytesRead);
}

function openProblem(file: string, code: string): TlsMaterialError {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new TlsMaterialError('file_missing', `${file} does not exist. Make it, or give the right path.`, file);
    case 'EACCES':
    case 'EPERM':
      return unreadable(file, 'may not be read by this user. Give it the right to');
    default:
      return unreadable(file, `cannot be opened (${code})`);
  }
}

function unreadable(file: string, problem: string): TlsMaterialError {
  return new TlsMaterialError('file_unreadable', `${file} ${problem}.`, file);
}
