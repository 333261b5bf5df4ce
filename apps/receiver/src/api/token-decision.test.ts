import type { HeldToken } from '@token-relay/socket';
import { expect, test } from 'vitest';
import { decideToken } from './token-decision.ts';

const NOW_MS = 1_700_000_000_000;

function held(expiresAtMs?: number): HeldToken {
  const message = { accessToken: 'made-up-access', ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
  return { message, generation: 7, receivedAtMs: NOW_MS, from: 'unix' };
}

test.each([
  ['nothing known', undefined, 'send'],
  ['the same', '"7"', 'unchanged'],
  ['the same, weakly', 'W/"7"', 'unchanged'],
  ['the same among others', '"5", "6" , "7"', 'unchanged'],
  ['anything', '*', 'unchanged'],
  ['an older one', '"6"', 'send'],
  ['a number without quotes', '7', 'send'],
  ['a number that begins like it', '"77"', 'send'],
  ['an empty field', '', 'send'],
] as const)('a token that can be used, to a reader who has %s', (_what, ifNoneMatch, kind) => {
  expect(decideToken(held(NOW_MS + 1), ifNoneMatch, NOW_MS)).toEqual({ kind, held: held(NOW_MS + 1) });
});

test.each([undefined, '"7"', '*'])('an expired one is expired to everyone, also to one who has %s', (ifNoneMatch) => {
  expect(decideToken(held(NOW_MS), ifNoneMatch, NOW_MS)).toEqual({ kind: 'expired', expiredAtMs: NOW_MS });
  expect(decideToken(undefined, ifNoneMatch, NOW_MS)).toEqual({ kind: 'none' });
});
