import type { HeldToken } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import { describe, expect, test } from 'vitest';
import { buildStatus, type StatusParts } from './build-status.ts';
import { receiverStatusSchema } from './receiver-status.ts';
import { statusLines, systemdStatus } from './status-text.ts';

const NOW_MS = Date.parse('2026-03-02T10:00:00Z');
const ISO = { now: '2026-03-02T10:00:00.000Z', in30Minutes: '2026-03-02T10:30:00.000Z' };

function held(expiresAtMs?: number): HeldToken {
  const message = {
    accessToken: 'made-up-access',
    refreshToken: 'made-up-refresh',
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
  return { message, generation: 3, receivedAtMs: NOW_MS, from: 'tcp' };
}

function status(parts: Partial<StatusParts> = {}) {
  return buildStatus({
    version: '1.2.3',
    pid: 42,
    startedAtMs: NOW_MS,
    nowMs: NOW_MS,
    listening: [{ kind: 'unix', path: '/run/token.sock' }],
    rejected: {},
    held: undefined,
    lastError: undefined,
    ...parts,
  });
}

/** Local time, as a person reads it, whatever zone the tests run in. */
function local(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

describe('the status', () => {
  test('before the first token: waiting, generation 0, no token', () => {
    expect(status()).toEqual({
      version: '1.2.3',
      pid: 42,
      started_at: ISO.now,
      state: 'waiting',
      listening: ['unix:/run/token.sock'],
      generation: 0,
      rejected: {},
    });
  });

  test('with a token: its fingerprint, times and way in', () => {
    expect(status({ held: held(NOW_MS + 1_800_000) })).toMatchObject({
      state: 'holding',
      generation: 3,
      token: {
        fingerprint: fingerprint('made-up-access'),
        expires_at: ISO.in30Minutes,
        received_at: ISO.now,
        from: 'tcp',
      },
    });
  });

  test.each([
    ['of unknown expiry: holding', undefined, 'holding'],
    ['past its expiry: expired', NOW_MS, 'expired'],
  ] as const)('with a token %s', (_, expiresAtMs, state) => {
    expect(status({ held: held(expiresAtMs) }).state).toBe(state);
  });

  test('never holds a token, and is what its schema says', () => {
    const full = status({ held: held(NOW_MS + 1), rejected: { bad_json: 2 }, lastError: 'A message was not taken' });
    expect(JSON.stringify(full)).not.toMatch(/made-up/);
    expect(receiverStatusSchema.parse(JSON.parse(JSON.stringify(full)))).toEqual(full);
  });

  test('is a copy: later refusals do not change it', () => {
    const rejected: Record<string, number> = { empty: 1 };
    const before = status({ rejected });
    rejected['empty'] = 2;
    expect(before.rejected).toEqual({ empty: 1 });
  });
});

describe('in words', () => {
  test.each([
    ['waiting', status(), /^State: +waiting for the first token$/, /^Waiting for the first token on unix:\/run/],
    [
      'holding',
      status({ held: held(NOW_MS + 1_800_000) }),
      /^State: +holding a valid token$/,
      new RegExp(`^Token until ${local(NOW_MS + 1_800_000)}, generation 3$`),
    ],
    [
      'expired',
      status({ held: held(NOW_MS - 1_000) }),
      /^State: +THE TOKEN HAS EXPIRED .*see: token-refresh-sender status$/,
      new RegExp(`^The token expired at ${local(NOW_MS - 1_000)} and no newer one came$`),
    ],
    ['of unknown expiry', status({ held: held() }), /holding/, /^Token of unknown expiry, generation 3$/],
  ])('%s: for a person and for systemd', (_, seen, first, line) => {
    const lines = statusLines(seen);
    expect(lines[0]).toMatch(first);
    expect(lines.join('\n')).toContain('process 42');
    expect(systemdStatus(seen)).toMatch(line);
    expect(`${lines.join('\n')}${systemdStatus(seen)}`).not.toMatch(/undefined|NaN|made-up/);
  });

  test('refusals and the last error are shown', () => {
    const lines = statusLines(status({ rejected: { bad_json: 2, timeout: 1 }, lastError: 'what went wrong' }));
    expect(lines).toContain('Refused:     2 bad_json, 1 timeout');
    expect(lines).toContain('Last error:  what went wrong');
    expect(statusLines(status())).toContain('Refused:     nothing');
  });
});
