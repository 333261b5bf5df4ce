export type SandboxErrorCode =
  'bad_option' | 'not_loopback' | 'listen_failed' | 'bad_fault' | 'bad_token_file' | 'no_login' | 'closed';

/** What the sandbox refuses to do; the message says what to change. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly code: SandboxErrorCode;

  constructor(code: SandboxErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
