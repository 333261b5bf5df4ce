import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeRedirect } from './redirect-url.ts';

const callbackUrl = 'https://127.0.0.1:8182';
const state = 'WdpVmGOxTqkW3s0rEXAMPLE';
const code = 'C0.made-up_code@';
const encoded = 'C0.made-up_code%40';
const session = '11111111-2222-4333-8444-555555555555';
const url = `${callbackUrl}/?code=${encoded}&session=${session}&state=${state}`;
const judge = (text: string) => judgeRedirect(text, { callbackUrl, state });

test.each([
  ['as it is', url],
  ['with the %40 already decoded', url.replace('%40', '@')],
  ['twice in a row', url + url],
  ['twice, on two lines', `${url}\n${url}\n`],
  ['once cut and then whole', `${url.slice(0, 50)}\n${url}`],
  ['whole, and then once more, cut', `${url}\n${url.slice(0, 50)}`],
  ['broken into lines by a terminal', url.replaceAll(/(.{20})/g, '$1\r\n  ')],
  ['in quotes', `"${url}"`],
  ['in angle brackets, with words before', `Redirected to: <${url}>`],
  ['between the marks of a bracketed paste', `\u001b[200~${url}\u001b[201~\n`],
  ['with &amp;', url.replaceAll('&', '&amp;')],
  ['without https://, which some browsers hide', url.slice('https://'.length)],
  ['with a fragment', `${url}#_=_`],
  ['in capitals where that means nothing', url.replace('https://', 'HTTPS://')],
  ['without the slash that the browser adds', url.replace('/?', '?')],
])('an address is understood: %s', (_how, text) => {
  expect(judge(text)).toEqual({ kind: 'code', code });
});

test('a code is decoded once: what was a percent sign in it stays one, and a + stays a +', () => {
  const address = (value: string) => `${callbackUrl}/?code=${value}&state=${state}`;
  expect(judge(address('a%2540%40'))).toEqual({ kind: 'code', code: 'a%40@' });
  expect(judge(address('a+b%2Bc/d=%40'))).toEqual({ kind: 'code', code: 'a+b+c/d=@' });
});

test.each([
  ['nothing', '', 'not_a_url'],
  ['words', 'what now', 'not_a_url'],
  ['a code alone', code, 'not_a_url'],
  ['far too much', 'x'.repeat(100_000), 'not_a_url'],
  ['https alone', 'https://', 'not_a_url'],
  ["Schwab's page", 'https://api.schwabapi.com/v1/oauth/authorize?client_id=a', 'not_the_callback'],
  ['another port', url.replace('8182', '8183'), 'not_the_callback'],
  ['another path', url.replace('/?', '/other?'), 'not_the_callback'],
  ['http', url.replace('https', 'http'), 'not_the_callback'],
  ['a user in the address', url.replace('127.0.0.1:8182', '127.0.0.1:8182@example.com'), 'not_the_callback'],
  ['the callback alone', callbackUrl, 'no_code'],
  ['an empty code', `${callbackUrl}/?code=&state=${state}`, 'no_code'],
  ['cut in the code', url.slice(0, url.indexOf('up_code')), 'cut'],
  ['cut in the %40', url.slice(0, url.indexOf('%40') + 2), 'cut'],
  ['cut in the session', url.slice(0, url.indexOf('-2222')), 'cut'],
  ['cut in the word state', url.slice(0, url.indexOf('ate=')), 'cut'],
  ['cut before the state', url.slice(0, url.indexOf(state)), 'cut'],
  ['cut in the state', url.slice(0, -3), 'cut'],
  ['cut, twice', url.slice(0, -3) + url.slice(0, -3), 'cut'],
  ['no state', `${callbackUrl}/?code=${encoded}&session=${session}`, 'missing_state'],
  ['an empty state', `${callbackUrl}/?state=&code=${encoded}`, 'missing_state'],
  ['another state', url.replace(state, 'another'), 'wrong_state'],
  ['the state in other letters', url.replace(state, state.toLowerCase()), 'wrong_state'],
  ['denied, in another login', `${callbackUrl}/?error=access_denied&state=another`, 'wrong_state'],
  ['denied, in no login', `${callbackUrl}/?error=access_denied`, 'missing_state'],
  ['denied', `${callbackUrl}/?error=access_denied&state=${state}`, 'denied'],
  ['not approved', `${callbackUrl}/?error=unauthorized_client&state=${state}`, 'not_approved'],
  ['another error', `${callbackUrl}/?error=server_error&state=${state}`, 'authorize_error'],
])('an address that cannot be used is told apart: %s', (_what, text, kind) => {
  expect(judge(text).kind).toBe(kind);
});

test('a callback with a path, or with a last slash, is recognised', () => {
  for (const registered of ['https://127.0.0.1:8182/login/', 'https://127.0.0.1:8182/login']) {
    const text = `https://127.0.0.1:8182/login/?code=${encoded}&state=${state}`;
    expect(judgeRedirect(text, { callbackUrl: registered, state }).kind).toBe('code');
  }
});

test('however an address is cut, it is never taken for whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: url.length - 1 }), (length) => {
      expect(judge(url.slice(0, length)).kind).not.toBe('code');
    }),
  );
});

test('no secret leaves by a side door: no message holds a code or a state', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: url.length }),
      fc.constantFrom(url, url.replace(state, 'x'.repeat(22))),
      (n, text) => {
        const verdict = judge(text.slice(0, n));
        if (verdict.kind !== 'code') expect(verdict.message).not.toMatch(/made-up|WdpV|xxx/);
      },
    ),
  );
});
