/** The app's callback: what Schwab redirects the browser to after a login. Pure. */
import { isLoopback } from '@token-relay/socket';
import { LoginError } from './login-error.ts';

/** What to do about a callback that does not serve. */
const CHANGE_IT =
  'Register one such as https://127.0.0.1:8182 for your app at developer.schwab.com, and write the same, byte for byte, as callback_url in the app configuration';

/**
 * The callback, parsed; what is sent to Schwab is the text as it stands, because it must match byte for byte.
 * @throws LoginError `callback_missing`, `callback_not_a_url`, `callback_not_https`
 */
export function parseCallback(callbackUrl: string | undefined): URL {
  if (callbackUrl === undefined) {
    throw new LoginError('callback_missing', `The app configuration has no callback_url. ${CHANGE_IT}.`);
  }
  const url = URL.canParse(callbackUrl) ? new URL(callbackUrl) : undefined;
  if (url === undefined || url.host === '') {
    throw new LoginError(
      'callback_not_a_url',
      `The callback_url of the app configuration is not a web address. ${CHANGE_IT}.`,
    );
  }
  if (url.protocol !== 'https:') {
    throw new LoginError(
      'callback_not_https',
      `The callback ${callbackUrl} is not https:, and Schwab takes no other. ${CHANGE_IT}.`,
    );
  }
  return url;
}

/**
 * Where to listen for the redirect.
 * @throws LoginError `callback_not_loopback`
 */
export function callbackAddress(callback: URL): { host: string; port: number } {
  const host = callback.hostname.replace(/^\[|\]$/g, '');
  if (!isLoopback(host)) {
    throw new LoginError(
      'callback_not_loopback',
      `The callback's host ${host} is not this machine's own, so the redirect cannot be caught here. Paste the redirected address (token-refresh-sender login --no-browser says how). To have it caught: ${CHANGE_IT}.`,
    );
  }
  return { host: host === 'localhost' ? '127.0.0.1' : host, port: callback.port === '' ? 443 : Number(callback.port) };
}

/** Why a listen on the callback's port failed, from the system's code such as EADDRINUSE. */
export function listenProblem(errno: string | undefined, { host, port }: { host: string; port: number }): LoginError {
  const paste = 'paste the redirected address (token-refresh-sender login --no-browser says how)';
  switch (errno) {
    case 'EADDRINUSE':
      return new LoginError(
        'callback_port_taken',
        `Port ${port} of the callback is in use by another program, so the redirect cannot be caught. End that program, or ${paste}.`,
      );
    case 'EACCES':
      return new LoginError(
        'callback_port_not_permitted',
        `Port ${port} of the callback may not be opened by this user (a port below 1024 needs a right of its own), so the redirect cannot be caught. Either ${paste}, or take a callback with a higher port. ${CHANGE_IT}.`,
      );
    case undefined:
    default:
      return new LoginError(
        'callback_not_available',
        `${host} port ${port} of the callback cannot be listened on (${errno ?? 'unknown error'}), so the redirect cannot be caught: ${paste}.`,
      );
  }
}
