/**
 * Judges where the browser was sent, or what somebody pasted of it, against the login that is under way. Pure.
 * Source: RFC 6749 §4.1.2, SCHWAB.md "Endpoints".
 */

export interface ExpectedRedirect {
  /** The app's callback. */
  readonly callbackUrl: string;
  readonly state: string;
}

/** `message` is for people and holds neither code nor state. */
export type RedirectVerdict =
  | { readonly kind: 'code'; readonly code: string }
  /** Schwab's page ended this login: `denied` by the user, `not_approved` or another `authorize_error` by Schwab. */
  | { readonly kind: 'denied' | 'not_approved' | 'authorize_error'; readonly message: string }
  /** Nothing that this login can use; it goes on. */
  | {
      readonly kind: 'not_a_url' | 'not_the_callback' | 'no_code' | 'cut' | 'missing_state' | 'wrong_state';
      readonly message: string;
    };

/** A redirect has a few hundred characters; this leaves room for one pasted twice. */
const MAX_CHARACTERS = 6_000;

export function judgeRedirect(text: string, expected: ExpectedRedirect): RedirectVerdict {
  const verdicts = addressesIn(text, expected).map((address) => judgeAddress(address, expected));
  return (
    verdicts.find(({ kind }) => kind === 'code') ??
    verdicts.at(-1) ?? {
      kind: 'not_a_url',
      message: `That is not a web address. Copy the whole address from the browser's address bar; it begins with ${expected.callbackUrl}`,
    }
  );
}

/**
 * What a terminal or a mail program adds is taken off: white space and line breaks, the marks around a bracketed paste,
 * quotes, `&amp;`. An address that was pasted twice in a row is two addresses.
 */
function addressesIn(text: string, { callbackUrl }: ExpectedRedirect): string[] {
  if (text.length > MAX_CHARACTERS) return [];
  const cleaned = text
    // eslint-disable-next-line no-control-regex -- the escape sequences around a bracketed paste
    .replaceAll(/\u001b\[20[01]~/g, '')
    // eslint-disable-next-line no-control-regex -- what a terminal may put in between
    .replaceAll(/[\s\u0000-\u001f\u007f\u200b\ufeff]/g, '')
    .replaceAll('&amp;', '&');
  const callback = new URL(callbackUrl);
  const withScheme = cleaned.startsWith(callback.host) ? `${callback.protocol}//${cleaned}` : cleaned;
  return withScheme
    .split(/(?=https?:\/\/)/i)
    .filter((piece) => /^https?:\/\//i.test(piece))
    .map((piece) => piece.replace(/["'`<>()[\],;]+$/, ''));
}

function judgeAddress(text: string, expected: ExpectedRedirect): RedirectVerdict {
  const { callbackUrl } = expected;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined)
    return { kind: 'not_a_url', message: `That is not a whole web address. ${copyAll(callbackUrl)}` };
  if (!isCallback(url, new URL(callbackUrl))) {
    return {
      kind: 'not_the_callback',
      message: `That address is one of ${url.host}, and does not begin with ${callbackUrl}. Go on in the browser until its address bar shows one that does, and copy that`,
    };
  }
  const error = url.searchParams.get('error');
  if (error !== null) return ofThisLogin(url, expected) ?? judgeError(error);
  const code = url.searchParams.get('code');
  if (code === null || code === '') {
    return { kind: 'no_code', message: `That address has no code in it. ${copyAll(callbackUrl)}` };
  }
  if (isCut(text, url, code, expected)) {
    return { kind: 'cut', message: `That address is cut off: its end is missing. ${copyAll(callbackUrl)}` };
  }
  // URLSearchParams reads a + as a space, and no code of Schwab's has spaces.
  return ofThisLogin(url, expected) ?? { kind: 'code', code: code.replaceAll(' ', '+') };
}

function ofThisLogin(url: URL, { state }: ExpectedRedirect): RedirectVerdict | undefined {
  const theirs = url.searchParams.get('state');
  if (theirs === state) return undefined;
  return theirs === null || theirs === ''
    ? {
        kind: 'missing_state',
        message:
          'That address has no state in it, so it is cut off or comes from another login. Copy the whole address of the page that this login led to',
      }
    : {
        kind: 'wrong_state',
        message:
          'That address belongs to another login, perhaps an earlier try. Go through the page that this login has opened, and copy the address it leads to',
      };
}

function judgeError(error: string): RedirectVerdict {
  switch (error) {
    case 'access_denied':
      return {
        kind: 'denied',
        message: 'Access was denied on the page of Schwab. To log in, start again and allow it',
      };
    case 'unauthorized_client':
      return {
        kind: 'not_approved',
        message:
          'Schwab does not let this app log anybody in: it is not approved. At developer.schwab.com the app must say "Ready For Use"',
      };
    default:
      return {
        kind: 'authorize_error',
        message: `The page of Schwab ended the login with the error ${/^[a-z_]{1,40}$/.test(error) ? error : 'unknown'}. Start again later`,
      };
  }
}

/** A code ends in `@`. One that ends the address without it was cut, and so was a state that only begins like ours. */
function isCut(text: string, url: URL, code: string, { state }: ExpectedRedirect): boolean {
  const lastName = [...url.searchParams.keys()].at(-1);
  if (lastName === 'code' && !code.endsWith('@')) return true;
  const theirs = url.searchParams.get('state');
  if (theirs === null)
    return /[?&](s|se|ses|sess|sessi|sessio|st|sta|stat|session=[0-9a-f-]{0,35}|state=?)$/i.test(text);
  return lastName === 'state' && theirs.length < state.length && state.startsWith(theirs);
}

/** Scheme and host in any case, and with or without the last slash: it is the same place. */
function isCallback(url: URL, callback: URL): boolean {
  const place = ({ protocol, host, pathname }: URL) => `${protocol}//${host}${pathname.replace(/\/$/, '')}`;
  return place(url) === place(callback);
}

function copyAll(callbackUrl: string): string {
  return `Copy the whole address from the browser's address bar: click into it, select all, copy. It begins with ${callbackUrl}`;
}
