/** A CA, and certificates of it for servers and hosts. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockAhead } from './wrong-clock.ts';

export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class Certificates {
  readonly #folder: string;
  readonly #ca: { readonly cert: string; readonly key: string };

  constructor(folder: string) {
    mkdirSync(folder);
    this.#folder = folder;
    this.#ca = { cert: join(folder, 'ca.crt'), key: join(folder, 'ca.key') };
    const names = ['-subj', '/CN=test of a cluster', '-addext', 'keyUsage=critical,keyCertSign'];
    openssl(['req', '-x509', ...EC, ...names, '-days', '3', '-keyout', this.#ca.key, '-out', this.#ca.cert]);
  }

  /** For a server at that address and for a client alike. */
  make(name: string, address: string): CertificateFiles {
    const [request, extensions, cert, key] = ['csr', 'ext', 'crt', 'key'].map((kind) =>
      join(this.#folder, `${name}.${kind}`),
    ) as [string, string, string, string];
    writeFileSync(extensions, `subjectAltName=IP:${address}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    openssl(['req', ...EC, '-subj', `/CN=${name}`, '-keyout', key, '-out', request]);
    const by = ['-CA', this.#ca.cert, '-CAkey', this.#ca.key, '-CAcreateserial', '-days', '3'];
    openssl(['x509', '-req', '-in', request, ...by, '-extfile', extensions, '-out', cert]);
    return { ca: this.#ca.cert, cert, key };
  }
}

/** A day ago: they are valid for a host whose clock is behind. */
function openssl(args: readonly string[]): void {
  const env = { ...process.env, ...clockAhead(-86_400) };
  execFileSync('openssl', args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}
