/** What one end of a TLS connection needs, as PEM texts. */
export type TlsMaterial = {
  /** Our certificate, and those between it and its authority if there are any. */
  readonly cert: string;
  readonly key: string;
  /** The authorities that the other end's certificate must come from. No others are trusted. */
  readonly ca: string;
  /** For a receiver: the names (CN) that may connect. Without it, every certificate of the authorities may. */
  readonly clients?: readonly string[];
};

/**
 * `file_missing`, `file_unreadable`, `not_pem`: as named. `key_too_open`: others than its owner can get at the key. `key_mismatch`:
 * it is not the certificate's key. `certificate_expired`: ours, or that of the authority. `unusable`: OpenSSL does not take it.
 * `not_configured`: there is no TLS that new certificates could be for.
 */
export type TlsMaterialErrorCode =
  | 'file_missing'
  | 'file_unreadable'
  | 'not_pem'
  | 'key_too_open'
  | 'key_mismatch'
  | 'certificate_expired'
  | 'unusable'
  | 'not_configured';

/** Certificates that cannot be used. Its message names the file and repeats nothing of it. */
export class TlsMaterialError extends Error {
  override readonly name = 'TlsMaterialError';
  readonly code: TlsMaterialErrorCode;
  /** The file that it is about, if there is one. */
  readonly file?: string;

  constructor(code: TlsMaterialErrorCode, message: string, file?: string) {
    super(message);
    this.code = code;
    if (file !== undefined) this.file = file;
  }
}
