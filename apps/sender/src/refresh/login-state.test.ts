import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterOutcome, healthy, PARKED_RETRY_MS, withoutLogin, withoutToken, type LoginState } from './login-state.ts';
import type { RefreshOutcome } from './token-answer.ts';

const now = 1_762_983_055_000;
const granted: RefreshOutcome = { kind: 'granted', tokens: { accessToken: 'made-up', expiresInSeconds: 1800 } };
const passing: RefreshOutcome = { kind: 'passing', reason: 'HTTP 503' };
const refused: RefreshOutcome = { kind: 'refused', reason: 'refused' };
const wrong: RefreshOutcome = { kind: 'wrong_credentials', reason: 'wrong' };

const at = (wallMs: number) => ({ wallMs, bootMs: wallMs - now });

/** Each outcome comes when the step before it said to try again. */
const run = (outcomes: readonly RefreshOutcome[]) => {
  let state: LoginState = healthy;
  let atMs = now;
  return outcomes.map((outcome) => {
    const step = afterOutcome(state, outcome, at(atMs), () => 0.5);
    const waitMs = step.retryAtMs === undefined ? undefined : step.retryAtMs - atMs;
    state = step.state;
    atMs += waitMs ?? 0;
    return { kind: state.kind, waitMs };
  });
};

test('one refusal is not proof: it is confirmed after 30 seconds and after 2 minutes more, then the login is required', () => {
  expect(run([refused, refused, refused, refused])).toEqual([
    { kind: 'confirming', waitMs: 30_000 },
    { kind: 'confirming', waitMs: 120_000 },
    { kind: 'login_required', waitMs: PARKED_RETRY_MS },
    { kind: 'login_required', waitMs: PARKED_RETRY_MS },
  ]);
});

test('a passing fault between refusals neither counts as one nor forgets them', () => {
  expect(run([refused, passing, refused, passing, passing, refused]).map(({ kind }) => kind)).toEqual([
    'confirming',
    'confirming',
    'confirming',
    'confirming',
    'confirming',
    'login_required',
  ]);
});

test('a refusal that comes before its time, because somebody asked, confirms nothing', () => {
  let { state } = afterOutcome(healthy, refused, at(now), () => 0.5);
  for (const afterMs of [1_000, 2_000, 29_999]) {
    const step = afterOutcome(state, refused, at(now + afterMs), () => 0.5);
    expect(step).toMatchObject({ state: { kind: 'confirming', refusals: 1 }, retryAtMs: now + 30_000 });
    state = step.state;
  }
  expect(afterOutcome(state, refused, at(now + 30_000), () => 0.5).state).toMatchObject({ refusals: 2, sinceMs: now });
});

test.each([-86_400_000, 86_400_000])(
  'a clock that was moved by %i ms neither puts a confirmation off nor makes one',
  (byMs) => {
    const { state } = afterOutcome(healthy, refused, at(now), () => 0.5);
    const moved = (afterMs: number) => ({ wallMs: now + byMs + afterMs, bootMs: afterMs });
    const early = afterOutcome(state, refused, moved(29_999), () => 0.5);
    expect(early).toMatchObject({ state: { refusals: 1 }, retryAtMs: moved(30_000).wallMs });
    expect(afterOutcome(early.state, refused, moved(30_000), () => 0.5).state).toMatchObject({ refusals: 2 });
  },
);

test('wrong credentials are said at once, asked about again after 30 seconds and 2 minutes, then every 30 minutes', () => {
  expect(run([wrong, passing, wrong, passing, wrong, wrong, passing])).toEqual(
    [30_000, 30_000, 120_000, 120_000, PARKED_RETRY_MS, PARKED_RETRY_MS, PARKED_RETRY_MS].map((waitMs) => ({
      kind: 'misconfigured',
      waitMs,
    })),
  );
});

test('an odd 401 costs no token: the next try is well before it ends', () => {
  expect(run([wrong, granted])).toEqual([
    { kind: 'misconfigured', waitMs: 30_000 },
    { kind: 'healthy', waitMs: undefined },
  ]);
});

test('a 401 while a login is required is no news', () => {
  expect(run([refused, refused, refused, wrong, refused]).map(({ kind }) => kind)).toEqual([
    ...['confirming', 'confirming'],
    ...['login_required', 'login_required', 'login_required'],
  ]);
});

test('credentials that are right again show what else is wrong', () => {
  expect(run([wrong, refused]).map(({ kind }) => kind)).toEqual(['misconfigured', 'confirming']);
});

test.each([
  ['passing faults', [passing, passing, passing]],
  ['a refusal', [refused]],
  ['a dead login', [refused, refused, refused]],
  ['wrong credentials', [wrong]],
])('a success ends every state: %s', (_name, outcomes) => {
  expect(run([...outcomes, granted]).at(-1)).toEqual({ kind: 'healthy', waitMs: undefined });
});

test('a passing fault is retried for ever, between 0 and 60 seconds later, or when Retry-After says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (tries, random) => {
        let state: LoginState = healthy;
        for (let i = 0; i < tries; i += 1) {
          const step = afterOutcome(state, passing, at(now), () => random);
          state = step.state;
          expect(state.kind).toBe('retrying');
          expect(step.retryAtMs).toBeGreaterThanOrEqual(now);
          expect(step.retryAtMs).toBeLessThanOrEqual(now + 60_000);
        }
      },
    ),
    { numRuns: 100 },
  );
  const step = afterOutcome(healthy, { ...passing, retryAfterMs: 300_000 }, at(now), () => 0.5);
  expect(step.retryAtMs).toBe(now + 300_000);
});

test('the time since when it fails is kept while it fails', () => {
  const first = afterOutcome(healthy, passing, at(now), () => 0.5).state;
  expect(afterOutcome(first, passing, at(now + 5_000), () => 0.5).state).toMatchObject({ sinceMs: now, failures: 2 });
});

test('the same missing login is one state, another reason is another', () => {
  const first = withoutLogin(healthy, 'no file', now).state;
  expect(withoutLogin(first, 'no file', now + 1).state).toBe(first);
  expect(withoutLogin(first, 'torn file', now + 1).state).toMatchObject({ reason: 'torn file', sinceMs: now + 1 });
});

test('without a token while another host refreshes: one state until the reason changes, and no word against a login that is required', () => {
  const first = withoutToken(healthy, 'no file', 1);
  expect(first).toEqual({ state: { kind: 'waiting', sinceMs: 1, reason: 'no file' } });
  expect(withoutToken(first.state, 'no file', 2).state).toBe(first.state);
  expect(withoutToken(first.state, 'no token in it', 2).state).toMatchObject({ sinceMs: 2 });
  const required: LoginState = { kind: 'login_required', sinceMs: 1, reason: 'Schwab said no' };
  expect(withoutToken(required, 'no file', 2).state).toBe(required);
});
