import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { TlsMaterial } from '../src/index.ts';

/** Certificates as people make them: with openssl, in a folder that is gone when the tests of the file are over. */
export class Certificates {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'socket-tls-'));

  constructor() {
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), 'utf8');
  }

  /** `NAME.crt` and `NAME.key` of an authority. */
  authority(name: string): void {
    this.#openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650'],
      ...['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`],
    );
  }

  /** `NAME.crt` and `NAME.key` from an authority. `dates`: what the certificate's dates are, as YYYYMMDDHHMMSSZ. */
  certificate(
    name: string,
    authority: string,
    options: { commonName?: string; alternatives?: string; dates?: readonly [string, string]; usage?: string } = {},
  ): void {
    const { commonName = name, alternatives = 'DNS:localhost,IP:127.0.0.1,IP:::1', dates, usage } = options;
    this.#openssl(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-utf8'],
      ...[
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        commonName === '' ? '/O=nameless' : `/CN=${commonName}`,
      ],
    );
    writeFileSync(
      this.path(`${name}.ext`),
      [`subjectAltName=${alternatives}`, ...(usage === undefined ? [] : [`extendedKeyUsage=${usage}`])].join('\n'),
    );
    if (dates === undefined) {
      this.#openssl(
        ...[
          'x509',
          '-req',
          '-in',
          `${name}.csr`,
          '-CA',
          `${authority}.crt`,
          '-CAkey',
          `${authority}.key`,
          '-days',
          '30',
        ],
        ...['-CAcreateserial', '-extfile', `${name}.ext`, '-out', `${name}.crt`],
      );
      return;
    }
    // Only `openssl ca` takes dates, and it wants a folder with its books.
    const books = this.path(`${name}.books`);
    mkdirSync(books);
    writeFileSync(join(books, 'index.txt'), '');
    writeFileSync(
      join(books, 'ca.cnf'),
      `[ca]\ndefault_ca=x\n[x]\nnew_certs_dir=${books}\ndatabase=${books}/index.txt\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=optional\n`,
    );
    this.#openssl(
      ...[
        'ca',
        '-batch',
        '-config',
        join(books, 'ca.cnf'),
        '-cert',
        `${authority}.crt`,
        '-keyfile',
        `${authority}.key`,
      ],
      ...['-in', `${name}.csr`, '-out', `${name}.crt`, '-notext', '-extfile', `${name}.ext`],
      ...['-startdate', dates[0], '-enddate', dates[1]],
    );
  }

  /** Certificate and key of this name, and the authority to trust. */
  material(name: string, authority: string): TlsMaterial {
    return { cert: this.read(`${name}.crt`), key: this.read(`${name}.key`), ca: this.read(`${authority}.crt`) };
  }

  /** As it stands in the certificate. */
  commonName(name: string): unknown {
    return new X509Certificate(this.read(`${name}.crt`)).toLegacyObject().subject.CN;
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** Long past and far ahead. */
export const EXPIRED = ['20200101000000Z', '20200202000000Z'] as const;
export const NOT_YET = ['20990101000000Z', '20990202000000Z'] as const;
