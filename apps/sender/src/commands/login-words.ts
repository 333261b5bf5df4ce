/** What `token-refresh-sender login` tells its user. Pure. */
import type { PendingLogin } from './login-client.ts';

/** @param opensBrowser whether a browser is being opened on this machine */
export function instructions(view: PendingLogin, opensBrowser: boolean): string[] {
  const callback = new URL(view.authorize_url).searchParams.get('redirect_uri') ?? 'the callback';
  const head = [
    ...(view.caution === undefined ? [] : [`WARNING: ${view.caution}`, '']),
    view.listening === undefined
      ? 'Log in to Schwab with a browser, on this machine or another:'
      : opensBrowser
        ? 'Log in to Schwab in the browser that opens now, or open this address:'
        : 'Log in to Schwab: open this address in a browser on this machine:',
    '',
    `  ${view.authorize_url}`,
    '',
    'An error in place of the login page means that app_key or callback_url is not what Schwab has, or that the app is not approved yet.',
  ];
  if (view.listening !== undefined) {
    return [
      ...head,
      `Then Schwab sends the browser to ${callback}. The first time it warns that the connection is not private, because this`,
      'program has made the certificate itself; nothing of that leaves this machine. Choose "Advanced", then "Proceed" (Firefox:',
      '"Accept the Risk and Continue"). If the page does not come, paste its whole address here and press Enter.',
    ];
  }
  return [
    ...head,
    ...(view.not_listening === undefined ? [] : [view.not_listening]),
    `At the end the browser shows an error such as "Unable to connect" or "This site can't be reached". That is as it should be:`,
    `its address bar now has an address that begins with ${callback} and has ?code= in it. Copy the whole address, paste it here`,
    'and press Enter, within 30 seconds: after that the code in it is void.',
  ];
}

/** `4:59` */
export function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
