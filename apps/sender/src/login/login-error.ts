/**
 * Why a login cannot begin, or why nobody here can catch its redirect.
 *
 * `callback_missing`, `callback_not_a_url`, `callback_not_https`: the app's configuration; nothing can be done with it.
 * `callback_not_loopback`, `callback_port_taken`, `callback_port_not_permitted`, `callback_not_available`: the redirect
 * cannot be caught on this machine, and the redirected address can still be pasted.
 */
export type LoginErrorCode =
  | 'callback_missing'
  | 'callback_not_a_url'
  | 'callback_not_https'
  | 'callback_not_loopback'
  | 'callback_port_taken'
  | 'callback_port_not_permitted'
  | 'callback_not_available';

export class LoginError extends Error {
  override readonly name = 'LoginError';
  readonly code: LoginErrorCode;

  constructor(code: LoginErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
