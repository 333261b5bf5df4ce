import type { HeldToken } from '@token-relay/socket';
import { fingerprint } from '@token-relay/tokens';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WaitingLog } from '../../../tests/rigs/waiting-log.ts';
import { parseState } from '../src/holding/state-text.ts';
import { TokenHolder } from '../src/holding/token-holder.ts';
import { holdingRig, nextToken } from './holding-rig.ts';

describe('over the socket', () => {
  test('listeners are told of each new token, in order, without its refresh token', async () => {
    const { holder, deliver } = await holdingRig();
    const told: HeldToken[] = [];
    holder.onToken((held) => told.push(held));
    for (const number of [1, 2, 3]) {
      const next = nextToken(holder);
      await deliver(`made-up-${number}`, { expiresInMs: 1_800_000, refreshToken: 'made-up-refresh' });
      await next;
    }
    expect(told.map(({ message, generation }) => [message.accessToken, generation])).toEqual([
      ['made-up-1', 1],
      ['made-up-2', 2],
      ['made-up-3', 3],
    ]);
    expect(JSON.stringify(told)).not.toContain('made-up-refresh');
    expect(holder.latest()).toEqual(told[2]);
  });

  test('a listener that throws hurts nobody, and what it says does not come into the log', async () => {
    const { holder, deliver, log } = await holdingRig();
    holder.onToken(({ message }) => {
      throw new TypeError(`cannot use ${message.accessToken}`);
    });
    const next = nextToken(holder);
    await deliver('made-up-token');
    await next;
    expect(log.at('ERROR')).toEqual([expect.stringMatching(/^A listener for new tokens failed \(TypeError\)/)]);
    expect(log.lines.join()).not.toContain('made-up-token');
  });

  test('a listener that was taken off hears no more', async () => {
    const { holder, deliver } = await holdingRig();
    const told: number[] = [];
    const off = holder.onToken(({ generation }) => told.push(generation));
    for (const number of [1, 2]) {
      const next = nextToken(holder);
      await deliver(`made-up-${number}`);
      await next;
      off();
    }
    expect(told).toEqual([1]);
  });

  test('a change of the freshness is told of after the token, to all who hear of both', async () => {
    const { receiver, holder, deliver } = await holdingRig();
    const told: string[] = [];
    const changed = new Promise((resolve) => holder.onFreshness(resolve));
    holder.onFreshness((change) => told.push(change));
    // After the holder itself, as the log is.
    receiver.onToken(() => told.push('token'));
    holder.start();
    await deliver('made-up-token', { expiresInMs: -1_000 });
    await changed;
    expect(told).toEqual(['token', 'stale']);
  });

  test('the history says when the refresh token changed, and holds fingerprints alone', async () => {
    const { holder, deliver } = await holdingRig({ historySize: 3 });
    for (const [number, refreshToken] of ['made-up-r1', 'made-up-r1', 'made-up-r2', undefined].entries()) {
      const next = nextToken(holder);
      await deliver(`made-up-${number}`, {
        expiresInMs: 1_800_000,
        ...(refreshToken === undefined ? {} : { refreshToken }),
      });
      await next;
    }
    const history = holder.history();
    expect(history.map(({ generation, refreshToken }) => [generation, refreshToken])).toEqual([
      [4, 'none'],
      [3, 'changed'],
      [2, 'same'],
    ]);
    expect(history[0]).toMatchObject({ fingerprint: fingerprint('made-up-3'), from: 'unix' });
    expect(JSON.stringify(history)).not.toContain('made-up');
  });

  test('what it held goes on in the next process: token, generation, history, refresh token', async () => {
    const first = await holdingRig();
    const next = nextToken(first.holder);
    await first.deliver('made-up-1', { expiresInMs: 1_800_000, refreshToken: 'made-up-r' });
    await next;
    const text = first.holder.stateText(true);
    expect(text).not.toContain('made-up-r"');
    const restored = parseState(text);
    expect(restored).toBeDefined();
    if (restored === undefined) return;

    const second = await holdingRig({ restored });
    expect(second.holder.latest()).toMatchObject({ generation: 1, message: { accessToken: 'made-up-1' } });
    expect(second.holder.freshness()).toEqual({ kind: 'fresh' });
    const newer = nextToken(second.holder);
    await second.deliver('made-up-2', { expiresInMs: 1_800_000, refreshToken: 'made-up-r' });
    expect((await newer).generation).toBe(2);
    expect(second.holder.history().map(({ generation, refreshToken }) => [generation, refreshToken])).toEqual([
      [2, 'same'],
      [1, 'first'],
    ]);
  });

  test('without the token, the state keeps the generation and the history', async () => {
    const { holder, deliver } = await holdingRig();
    const next = nextToken(holder);
    await deliver('made-up-1', { expiresInMs: 1_800_000 });
    await next;
    const text = holder.stateText(false);
    expect(text).not.toContain('made-up');
    expect(parseState(text)).toMatchObject({ generation: 1, history: [{ generation: 1 }] });
    expect(parseState(text)).not.toHaveProperty('held');
  });
});

describe('by the clock', () => {
  const MINUTE = 60_000;
  const T0 = Date.parse('2026-03-02T10:00:00Z');
  beforeEach(() => {
    vi.useFakeTimers({ now: T0 });
  });
  /** All holders share one tick, whose timer is of the test that began it. */
  const started: TokenHolder[] = [];
  afterEach(() => {
    for (const holder of started.splice(0)) holder.stop();
    vi.useRealTimers();
  });

  /** A receiver whose tokens come as the test says. */
  class Source {
    #held: HeldToken | undefined;
    #callback: (held: HeldToken) => void = () => undefined;
    getLatestToken = () => this.#held;
    onToken = (callback: (held: HeldToken) => void) => {
      this.#callback = callback;
      return () => undefined;
    };
    arrive(lifeMs?: number): void {
      const generation = (this.#held?.generation ?? 0) + 1;
      const expiresAtMs = lifeMs === undefined ? undefined : Date.now() + lifeMs;
      const message = { accessToken: `made-up-${generation}`, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
      this.#held = { message, generation, receivedAtMs: Date.now(), from: 'unix' };
      this.#callback(this.#held);
    }
  }

  function start(before: (source: Source) => void = () => undefined) {
    const source = new Source();
    const log = new WaitingLog('receiver-log');
    const holder = new TokenHolder({ receiver: source, log, staleAfterMs: 30 * MINUTE, historySize: 5 });
    const told: string[] = [];
    const minutes = () => Math.round((Date.now() - T0) / MINUTE);
    holder.onFreshness((change) => told.push(`${change} at ${minutes()}`));
    before(source);
    holder.start();
    started.push(holder);
    return { source, log, holder, told };
  }
  const pass = (minutes: number) => vi.advanceTimersByTimeAsync(minutes * MINUTE);

  test('none for 30 minutes from the start is stale, once; the first one then is the recovery', async () => {
    const { source, told, log, holder } = start();
    await pass(29.9);
    expect(told).toEqual([]);
    await pass(0.2);
    expect(holder.freshness()).toEqual({ kind: 'none' });
    await pass(300);
    expect(told).toEqual(['stale at 30']);
    expect(log.at('WARN')).toEqual([expect.stringMatching(/^No token has come in 30 minutes since the start\./)]);
    source.arrive(30 * MINUTE);
    await pass(0);
    expect(told).toEqual(['stale at 30', 'recovered at 330']);
    expect(log.at('INFO')).toEqual(['The token is fresh again']);
  });

  test('a token every 25 minutes is never stale', async () => {
    const { source, told } = start();
    for (let round = 0; round < 20; round += 1) {
      source.arrive(30 * MINUTE);
      await pass(25);
    }
    expect(told).toEqual([]);
  });

  test('when no newer one comes it is stale two minutes before its end, and that is said once', async () => {
    const { source, told, holder, log } = start();
    source.arrive(30 * MINUTE);
    await pass(28);
    expect(told).toEqual(['stale at 28']);
    expect(holder.freshness()).toEqual({ kind: 'stale', reason: 'ending' });
    await pass(2);
    expect(holder.freshness()).toEqual({ kind: 'expired', expiredAtMs: T0 + 30 * MINUTE });
    await pass(100);
    expect(told).toEqual(['stale at 28']);
    expect(log.at('WARN')).toHaveLength(1);
  });

  test('a token that is expired at the start is said to be, and one that came before the start is no recovery', () => {
    expect(start((source) => source.arrive(-1)).told).toEqual(['stale at 0']);
    expect(start((source) => source.arrive(MINUTE)).told).toEqual([]);
  });

  test('when nothing can change there is no timer, and a stream of tokens has one', async () => {
    const { source } = start();
    expect(vi.getTimerCount()).toBe(1);
    await pass(40);
    expect(vi.getTimerCount()).toBe(0);
    for (let count = 0; count < 1_000; count += 1) {
      source.arrive(30 * MINUTE);
      await pass(0);
    }
    expect(vi.getTimerCount()).toBe(1);
    await pass(60);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a token with a shorter life than the one before is watched in time', async () => {
    const { source, told } = start();
    source.arrive(20 * MINUTE);
    await pass(0);
    source.arrive(5 * MINUTE);
    await pass(5);
    expect(told).toEqual(['stale at 5']);
  });

  test('a clock that is set forward is noticed within half a minute', async () => {
    const { source, told, holder } = start();
    source.arrive(30 * MINUTE);
    await pass(1);
    vi.setSystemTime(T0 + 60 * MINUTE);
    await pass(0.51);
    expect(told).toEqual(['stale at 61']);
    expect(holder.freshness().kind).toBe('expired');
  });

  test('a clock that is set back by a day delays nothing by more than stale_after', async () => {
    const { source, told, holder } = start();
    source.arrive(30 * MINUTE);
    await pass(1);
    vi.setSystemTime(T0 - 24 * 60 * MINUTE);
    expect(holder.freshness()).toEqual({ kind: 'fresh' });
    await pass(29);
    expect(told).toEqual([]);
    await pass(2);
    expect(told).toHaveLength(1);
    expect(holder.freshness()).toEqual({ kind: 'stale', reason: 'no_news' });
  });

  test('a token that expired before the clock was set back is fresh again when somebody looks', async () => {
    const { source, told, holder } = start();
    source.arrive(10 * MINUTE);
    await pass(20);
    vi.setSystemTime(T0 + MINUTE);
    expect(holder.freshness()).toEqual({ kind: 'fresh' });
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['stale at 9', 'recovered at 1']);
  });

  test('stopped, it has no timer and tells nothing more', async () => {
    const { source, told, holder } = start();
    source.arrive(30 * MINUTE);
    holder.stop();
    await pass(60);
    expect(vi.getTimerCount()).toBe(0);
    expect(told).toEqual([]);
  });
});
