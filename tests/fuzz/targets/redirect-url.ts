/** What somebody pastes as the address that a login led to. */
import fc from 'fast-check';
import { judgeRedirect } from '../../../apps/sender/src/login/redirect-url.ts';
import { anyText, asBytes, tokenText } from '../arbitraries.ts';
import { below, pick, randomOf } from '../random.ts';
import { demandNoSecret, SECRET } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';

const STATE = `state-${SECRET}`;
const CALLBACKS = [
  'https://127.0.0.1:8182',
  'https://127.0.0.1',
  'https://localhost:8182/',
  'https://[::1]:8443/back',
  'HTTPS://Relay.Example/a/b/',
] as const;

const parameter = fc.tuple(
  fc.constantFrom('code', 'state', 'session', 'error', 'error_description', 'iss', 'x'),
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        encodeURIComponent(STATE),
        STATE,
        encodeURIComponent(SECRET),
        SECRET,
        'access_denied',
        'unauthorized_client',
        '',
        '%',
        '%zz',
        '%00',
        '+',
      ),
    },
    { weight: 1, arbitrary: tokenText },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: STATE.length }).map((length) => STATE.slice(0, length)) },
  ),
);
const address = fc
  .tuple(
    fc.constantFrom(
      ...CALLBACKS,
      ...CALLBACKS,
      'http://127.0.0.1:8182',
      'https://127.0.0.1:8183',
      '127.0.0.1:8182',
      'https://evil.example',
      `https://${SECRET}127.0.0.1:8182`,
      'javascript:',
      '',
    ),
    fc.constantFrom('/', '', '/?', '/back', '//', '/..', '/\\'),
    fc.array(parameter, { maxLength: 5 }),
    fc.constantFrom('', '', '#', '#x', '"', '>', ')', '&amp;', '\u001b[201~', '\n'),
  )
  .map(([origin, path, query, ending]) => `${origin}${path}?${query.map((pair) => pair.join('=')).join('&')}${ending}`);

export const redirectUrl: FuzzTarget = {
  name: 'redirect-url',
  feeds: 'the judge of a pasted address',
  inputs: asBytes(
    fc.oneof(
      { weight: 6, arbitrary: address },
      { weight: 1, arbitrary: fc.tuple(address, address).map((two) => two.join('')) },
      { weight: 1, arbitrary: anyText(200) },
    ),
  ),
  dictionary: [
    ...CALLBACKS,
    'code=',
    '&state=',
    '&session=',
    'error=access_denied',
    encodeURIComponent(STATE),
    STATE,
    SECRET,
    '%40',
    '&amp;',
    '\u001b[200~',
    '\u001b[201~',
    '\u200b',
    '?',
    '#',
    '@',
    'https://',
    'http://',
  ],
  runs: { long: 200_000, short: 2_000 },
  maxBytes: 8_000,
  isGuided: true,
  open: () => ({
    check(input) {
      const text = Buffer.from(input).toString('utf8');
      const random = randomOf(input);
      const expected = { callbackUrl: pick(random, CALLBACKS), state: STATE };
      const verdict = judgeRedirect(text, expected);
      if (verdict.kind === 'code') {
        demand(verdict.code !== '', 'schema', 'an empty code was accepted');
        demand(
          withoutEscapes(text).includes(STATE),
          'schema',
          'an address was accepted that does not have the state of this login',
        );
      } else {
        demandNoSecret(verdict.message, `the message of "${verdict.kind}"`);
      }
      // An address that a terminal has broken is the same address.
      if (text.length < 5_000 && !text.includes('\u001b')) {
        const at = below(random, text.length + 1);
        const broken = judgeRedirect(`${text.slice(0, at)}\n  ${text.slice(at)}`, expected);
        demand(
          JSON.stringify(broken) === JSON.stringify(verdict),
          'split',
          `${verdict.kind} became ${broken.kind} by a line break`,
        );
      }
    },
  }),
};

// eslint-disable-next-line no-control-regex -- the escape sequences around a bracketed paste
const BRACKETED_PASTE = /\u001b\[20[01]~/g;

/** What a terminal has put in between taken out, and then what a browser has. */
function withoutEscapes(text: string): string {
  return text
    .replaceAll(BRACKETED_PASTE, '')
    .replaceAll(/[^!-~]/g, '')
    .replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
