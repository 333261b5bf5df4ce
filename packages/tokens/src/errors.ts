/**
 * What went wrong, for code to branch on:
 * - `token_not_found`: nothing is held, or the file to read does not exist
 * - `token_expired`: the access token is past its expiry and could not be refreshed
 * - `token_invalid`: a token or time that was handed in cannot be one
 * - `token_file_invalid`: the file was read, but is not a token file
 * - `token_file_unreadable`: the file could not be read (permission, a directory, an I/O error)
 * - `token_file_too_open`: the file can be read by other users
 * - `token_file_encrypted`: the file is encrypted, and no key was given
 * - `token_file_key_wrong`: the file is encrypted with another key; it is never overwritten
 * - `key_file_invalid`: the key file cannot be read, can be read by others, or holds no key
 * - `format_unsuitable`: the form cannot hold this set, or cannot be kept up to date in this place
 * - `token_save_failed`: the set is not on disk; what was there before is untouched
 * - `token_clear_failed`: the file could not be removed
 * - `newer_login_on_disk`: the save was refused, because someone logged in again in the meantime; read the file
 * - `file_exists`: a backup or migration would have overwritten another file
 * - `login_required`: there is no refresh token to refresh with
 * - `refresh_unavailable`: this manager was given no function to refresh with
 */
export type TokenErrorCode =
  | 'token_not_found'
  | 'token_expired'
  | 'token_invalid'
  | 'token_file_invalid'
  | 'token_file_unreadable'
  | 'token_file_too_open'
  | 'token_file_encrypted'
  | 'token_file_key_wrong'
  | 'key_file_invalid'
  | 'format_unsuitable'
  | 'token_save_failed'
  | 'token_clear_failed'
  | 'newer_login_on_disk'
  | 'file_exists'
  | 'login_required'
  | 'refresh_unavailable';

const RETRYABLE: ReadonlySet<TokenErrorCode> = new Set([
  'token_save_failed',
  'token_clear_failed',
  'token_file_unreadable',
]);

/** The one error class of this package. Neither the message nor the cause ever holds a token or a part of a file. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: TokenErrorCode;
  /** Whether the same call can succeed later with nobody changing what was asked for: a full disk can be emptied. */
  readonly retryable: boolean;

  constructor(code: TokenErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = RETRYABLE.has(code);
  }
}

/** The errno name of a failed system call (`ENOENT`), else undefined. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
