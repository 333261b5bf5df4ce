/** `tls:` in receiver.yaml. */
import { structureSetting, type Setting } from '@token-relay/daemon';
import { resolve } from 'node:path';
import * as z from 'zod/mini';

const pathText = z.string().check(z.minLength(1));

const tlsSchema = z.strictObject({
  /** PEM: the receiver's own certificate, and those between it and the CA */
  cert: pathText,
  /** PEM, 0600 */
  key: pathText,
  /** PEM: whose clients are let in */
  ca: pathText,
  /** the names that a client's certificate may have; any name if left out */
  clients: z.optional(z.array(z.string().check(z.minLength(1))).check(z.minLength(1), z.maxLength(1000))),
});

type TlsSetting = z.infer<typeof tlsSchema>;

/** Where the PEM files are, absolute. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly clients?: readonly string[];
}

export function tlsSetting(): Setting<TlsSetting | undefined> {
  return structureSetting({
    schema: tlsSchema,
    description: 'TLS with client certificates on TCP: cert, key, ca, and the names of clients if not all may come',
    example: '\'{"cert": "receiver.crt", "key": "receiver.key", "ca": "ca.crt"}\'',
  });
}

export function tlsFiles({ cert, key, ca, clients }: TlsSetting, cwd: string): TlsFiles {
  return {
    cert: resolve(cwd, cert),
    key: resolve(cwd, key),
    ca: resolve(cwd, ca),
    ...(clients === undefined ? {} : { clients }),
  };
}
