import type { HeldToken } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import { describe, expect, test } from 'vitest';
import type { Freshness } from '../holding/held.ts';
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
    listening: [{ kind: 'unix', path: '/run/token.sock' }],
    rejected: {},
    generation: parts.held?.generation ?? 0,
    held: undefined,
    freshness: parts.held === undefined ? { kind: 'none' } : { kind: 'fresh' },
    readers: { connections: 5, events: 2, waiting: 1 },
    sinks: [],
    stateFile: 'ok',
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
      readers: { connections: 5, events: 2, waiting: 1 },
      sinks: [],
      state_saved: true,
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

  test.each<[Freshness, string, string | undefined]>([
    [{ kind: 'fresh' }, 'holding', undefined],
    [{ kind: 'stale', reason: 'no_news' }, 'stale', 'no_news'],
    [{ kind: 'stale', reason: 'ending' }, 'stale', 'ending'],
    [{ kind: 'expired', expiredAtMs: NOW_MS }, 'expired', undefined],
  ])('with a token that is %j: %s', (freshness, state, stale) => {
    const seen = status({ held: held(NOW_MS), freshness });
    expect(seen.state).toBe(state);
    expect(seen.stale).toBe(stale);
  });

  test('says who sent a token over TLS', () => {
    const sent: HeldToken = { ...held(), from: 'tls', peer: 'bot@192.0.2.7' };
    expect(status({ held: sent }).token).toMatchObject({ from: 'tls', peer: 'bot@192.0.2.7' });
    expect(statusLines(status({ held: sent }))[1]).toMatch(/over tls from bot@192\.0\.2\.7$/);
  });

  test('a sink that cannot be written is shown with its reason, and a state file that cannot be, with what follows', () => {
    const failing = {
      path: '/bot/token',
      format: 'raw',
      state: 'failing',
      sinceMs: NOW_MS,
      reason: 'no space left',
    } as const;
    const seen = status({ sinks: [{ ...failing, writes: 1, failures: 2 }], stateFile: 'failing' });
    expect(seen.sinks).toEqual([
      { path: '/bot/token', format: 'raw', state: 'failing', since: ISO.now, problem: 'no space left' },
    ]);
    expect(seen.state_saved).toBe(false);
    expect(statusLines(seen)).toContain('Sink:        /bot/token (raw): FAILING: no space left');
    expect(statusLines(seen).join('\n')).toContain('WOULD LOSE THE TOKEN');
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
      'stale',
      status({ held: held(NOW_MS + 60_000), freshness: { kind: 'stale', reason: 'ending' } }),
      /^State: .*still works, but NO NEWER ONE CAME/,
      new RegExp(`^The token still works until ${local(NOW_MS + 60_000)}, but no newer one came$`),
    ],
    [
      'expired',
      status({ held: held(NOW_MS - 1_000), freshness: { kind: 'expired', expiredAtMs: NOW_MS - 1_000 } }),
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
