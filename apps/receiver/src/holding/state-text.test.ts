import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatState, isStateText, parseState, stateEntry, type HeldState } from './state-text.ts';

const timeMs = fc.nat({ max: 4e12 });
const from = fc.constantFrom('unix' as const, 'tcp' as const, 'tls' as const);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const hex = fc.stringMatching(/^[0-9a-f]{8}$/);

/** Members that are undefined are left out, as the real ones are. */
function compact<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

const states = fc
  .record({
    generation: fc.nat(),
    token: optional(
      fc.record({
        accessToken: fc.stringMatching(/^[ -~]{1,40}$/),
        expiresAtMs: optional(timeMs),
        receivedAtMs: timeMs,
        from,
        peer: optional(fc.string({ maxLength: 40 })),
      }),
    ),
    refreshFingerprint: optional(hex),
    history: fc.array(
      fc.record({
        generation: fc.nat(),
        fingerprint: hex,
        receivedAtMs: timeMs,
        from,
        peer: optional(fc.string({ maxLength: 40 })),
        expiresAtMs: optional(timeMs),
        refreshToken: fc.constantFrom('none' as const, 'first' as const, 'same' as const, 'changed' as const),
      }),
      { maxLength: 5 },
    ),
  })
  .map(({ token, ...state }) => {
    const held = token && {
      message: { accessToken: token.accessToken, expiresAtMs: token.expiresAtMs },
      generation: state.generation,
      receivedAtMs: token.receivedAtMs,
      from: token.from,
      peer: token.peer,
    };
    return compact({ ...state, held }) as HeldState;
  });
const textOf = (state: HeldState) => formatState(state, JSON.stringify(state.history.map(stateEntry)));

test('what is written is what is read', () => {
  fc.assert(
    fc.property(states, (state) => {
      expect(parseState(textOf(state))).toEqual(state);
      expect(isStateText(textOf(state))).toBe(true);
    }),
  );
});

test('wherever a file is cut off, it is no state', () => {
  const text = textOf({
    generation: 1,
    history: [],
    held: { message: { accessToken: 'made-up' }, generation: 1, receivedAtMs: 1, from: 'unix' },
  }).trimEnd();
  for (let length = 0; length < text.length; length += 1) expect(parseState(text.slice(0, length))).toBeUndefined();
});

test('a refresh token that a caller holds does not come into it', () => {
  const message = { accessToken: 'made-up-a', refreshToken: 'made-up-r' };
  const text = textOf({ generation: 1, history: [], held: { message, generation: 1, receivedAtMs: 1, from: 'unix' } });
  expect(text).not.toContain('made-up-r');
});

describe('what is not ours is no state', () => {
  const token = { access_token: 'made-up', received_at_ms: 1, from: 'unix' };
  const entry = { generation: 1, fingerprint: '0123abcd', received_at_ms: 1, from: 'unix', refresh_token: 'none' };
  const good = { version: 1, generation: 1, token, history: [entry] };
  test('the example is good', () => expect(parseState(JSON.stringify(good))).toBeDefined());
  test('so is the largest generation', () =>
    expect(parseState(JSON.stringify({ ...good, generation: 2 ** 52 }))).toBeDefined());
  test.each([
    ['another version', { ...good, version: 2 }],
    ['no version', { ...good, version: undefined }],
    ['a generation that is none', { ...good, generation: -1 }],
    ['a generation after which there are no more numbers', { ...good, generation: Number.MAX_SAFE_INTEGER }],
    ['a generation that is too large', { ...good, generation: 2 ** 52 + 1 }],
    ['a token with a line break', { ...good, token: { ...token, access_token: 'a\nb' } }],
    ['an empty token', { ...good, token: { ...token, access_token: '' } }],
    ['a time beyond time', { ...good, token: { ...token, received_at_ms: 1e17 } }],
    ['an unknown way in', { ...good, token: { ...token, from: 'pigeon' } }],
    ['no history', { ...good, history: undefined }],
    ['a broken history', { ...good, history: [{ ...entry, fingerprint: 'made-up' }] }],
    ['a list', [good]],
    ['a token file', { creation_timestamp: 1, token }],
  ])('%s', (_, value) => {
    expect(parseState(JSON.stringify(value))).toBeUndefined();
  });
});
