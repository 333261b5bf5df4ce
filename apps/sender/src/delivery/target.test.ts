/** The decisions of one target, with a sending that does as the test says. Real sockets: tests/delivery.test.ts. */
import { DeliveryError, type DeliveryErrorCode } from '@token-relay/socket';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { recordingLog } from '../../tests/recording-log.ts';
import { SLOW_POLL_MS } from './delivery-policy.ts';
import { Target, type TargetConfig } from './target.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Sending {
  readonly payload: string;
  readonly expectReply: boolean;
  readonly timeoutMs: number;
  readonly succeed: () => Promise<unknown>;
  readonly fail: (code?: DeliveryErrorCode) => Promise<unknown>;
}

class TargetRig {
  readonly sendings: Sending[] = [];
  readonly lines: string[] = [];
  readonly target: Target;
  /** what the watch on the socket's folder says */
  socketChanged: (present: boolean) => void = () => undefined;
  policy = { attempts: 3, retryDelayMs: 5_000 };
  atOnce = 0;
  most = 0;

  constructor(config: Partial<TargetConfig> = {}) {
    this.target = new Target(
      {
        name: 'bot',
        address: { kind: 'unix', path: '/made-up/token.sock' },
        format: 'json',
        includeRefreshToken: false,
        ...config,
      },
      {
        policy: () => this.policy,
        log: recordingLog(this.lines),
        nowMs: Date.now,
        record: () => undefined,
        send: (_address, payload, { expectReply, timeoutMs, signal }) =>
          this.#send(payload, expectReply, timeoutMs, signal),
        tls: () => undefined,
        watch: (_path, onChange) => (this.socketChanged = onChange),
        after: (ms, wakeUp) => {
          const timer = setTimeout(wakeUp, ms);
          return () => clearTimeout(timer);
        },
      },
    );
    onTestFinished(() => this.target.close());
  }

  publish(name: string): void {
    this.target.publish({
      accessToken: `access-${name}`,
      refreshToken: `refresh-${name}`,
      expiresAtMs: 1_762_984_855_000,
    });
  }

  get last(): Sending {
    const last = this.sendings.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    return last;
  }

  /** The three tries of a token, all in vain. */
  async useUpAttempts(): Promise<void> {
    await pass(0);
    await this.last.fail();
    await pass(5_000);
    await this.last.fail();
    await pass(5_000);
    await this.last.fail();
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  #send(payload: string, expectReply: boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
    this.atOnce += 1;
    this.most = Math.max(this.most, this.atOnce);
    return new Promise<void>((resolve, reject) => {
      const error = (code: DeliveryErrorCode) =>
        new DeliveryError(
          code,
          code === 'no_listener' ? 'Nobody is listening on unix:/made-up/token.sock.' : `It failed: ${code}.`,
        );
      this.sendings.push({
        payload,
        expectReply,
        timeoutMs,
        succeed: () => {
          resolve();
          return pass(0);
        },
        fail: (code = 'no_listener') => {
          reject(error(code));
          return pass(0);
        },
      });
      signal.addEventListener('abort', () => reject(error('aborted')));
    }).finally(() => (this.atOnce -= 1));
  }
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

test('The newest wins: one token at a time, and one that is replaced before it was sent is never sent', async () => {
  const rig = new TargetRig();
  rig.publish('1');
  await pass(0);
  rig.publish('2');
  rig.publish('3');
  await pass(0);
  expect(rig.sendings).toHaveLength(1);
  await rig.last.succeed();
  expect(rig.sendings.map(({ payload }) => JSON.parse(payload) as unknown)).toMatchObject([
    { access_token: 'access-1' },
    { access_token: 'access-3' },
  ]);
  await rig.last.succeed();
  await pass(60_000);
  expect(rig.sendings).toHaveLength(2);
  expect(rig.most).toBe(1);
});

test('The newest wins: a token that comes while another is retried is sent at once in its place', async () => {
  const rig = new TargetRig();
  rig.publish('1');
  await pass(0);
  await rig.last.fail();
  rig.publish('2');
  await pass(0);
  expect(rig.last.payload).toContain('access-2');
});

test('3 tries, 5 s apart, each with a 5 s deadline; then one WARN that names the target, and a slow poll', async () => {
  const rig = new TargetRig();
  rig.publish('1');
  await pass(0);
  await rig.last.fail();
  await pass(4_999);
  expect(rig.sendings).toHaveLength(1);
  await pass(1);
  expect(rig.sendings).toHaveLength(2);
  await rig.last.fail();
  await pass(5_000);
  await rig.last.fail();
  expect(rig.sendings.map(({ timeoutMs }) => timeoutMs)).toEqual([5_000, 5_000, 5_000]);
  expect(rig.target.state).toMatchObject({ kind: 'undelivered' });
  await pass(SLOW_POLL_MS - 1);
  expect(rig.sendings).toHaveLength(3);
  await pass(1);
  expect(rig.sendings).toHaveLength(4);
  await rig.last.succeed();
  expect(rig.target.state).toMatchObject({ kind: 'delivered' });
  expect(rig.lines.filter((line) => !line.startsWith('DEBUG'))).toEqual([
    expect.stringMatching(/^WARN Token not delivered to bot: Nobody is listening on .*delivered when unix:.* is back/),
    expect.stringMatching(/^INFO Token delivered to bot/),
  ]);
});

test('a policy that a reload changed holds from the next failure on', async () => {
  const rig = new TargetRig();
  rig.publish('1');
  await pass(0);
  rig.policy = { attempts: 2, retryDelayMs: 1_000 };
  await rig.last.fail();
  await pass(1_000);
  expect(rig.sendings).toHaveLength(2);
  await rig.last.fail();
  expect(rig.target.state).toMatchObject({ kind: 'undelivered' });
});

test('one WARN for an outage, however long and however many tokens; another for the next outage', async () => {
  const rig = new TargetRig();
  for (const name of ['1', '2', '3']) {
    rig.publish(name);
    await rig.useUpAttempts();
    await pass(SLOW_POLL_MS);
    await rig.last.fail();
  }
  expect(rig.count(/^WARN/)).toBe(1);
  rig.publish('4');
  await pass(0);
  await rig.last.succeed();
  rig.publish('5');
  await rig.useUpAttempts();
  expect(rig.count(/^WARN/)).toBe(2);
});

test('a trouble that somebody has to put right is told of, also when it follows another, and once', async () => {
  const rig = new TargetRig();
  rig.publish('1');
  await rig.useUpAttempts();
  for (const code of ['server_untrusted', 'server_untrusted', 'timeout', 'server_untrusted'] as const) {
    await pass(SLOW_POLL_MS);
    await rig.last.fail(code);
  }
  expect(rig.lines.filter((line) => line.startsWith('WARN'))).toEqual([
    expect.stringMatching(/Nobody is listening .* It will be delivered when unix:.* is back\.$/),
    'WARN Token not delivered to bot: It failed: server_untrusted. It is tried again every 30 s.',
  ]);
  expect(rig.target.state).toMatchObject({ kind: 'undelivered', reason: 'It failed: server_untrusted.' });
});

test('what is undelivered is tried again at once when something was put right; what is delivered is left alone', async () => {
  const rig = new TargetRig();
  rig.publish('1');
  await rig.useUpAttempts();
  rig.target.tryAgain();
  await pass(0);
  expect(rig.sendings).toHaveLength(4);
  await rig.last.succeed();
  rig.target.tryAgain();
  await pass(60_000);
  expect(rig.sendings).toHaveLength(4);
});

test('Nothing needs a restart to recover: the token is delivered when the socket reappears, also if nobody listens on it at first', async () => {
  const rig = new TargetRig();
  rig.publish('1');
  await rig.useUpAttempts();
  rig.socketChanged(false);
  await pass(0);
  expect(rig.sendings).toHaveLength(3);
  rig.socketChanged(true);
  await pass(0);
  expect(rig.sendings).toHaveLength(4);
  await rig.last.fail();
  await pass(5_000);
  expect(rig.sendings).toHaveLength(5);
  await rig.last.succeed();
  expect(rig.target.state.kind).toBe('delivered');
});

test('a socket file that is replaced is sent the token again; before there is one, nothing', async () => {
  const rig = new TargetRig();
  rig.socketChanged(true);
  await pass(60_000);
  expect(rig.sendings).toEqual([]);
  rig.publish('1');
  await pass(0);
  await rig.last.succeed();
  rig.socketChanged(true);
  await pass(0);
  expect(rig.sendings).toHaveLength(2);
});

test.each([
  [{}, true, { access_token: 'access-1', expires_at: 1_762_984_855 }],
  [
    { includeRefreshToken: true },
    true,
    { access_token: 'access-1', refresh_token: 'refresh-1', expires_at: 1_762_984_855 },
  ],
  [{ format: 'raw' }, false, 'access-1'],
  [{ format: 'raw', includeRefreshToken: true }, false, 'access-1'],
] as const)('the message of a target with %o', async (config, expectReply, message) => {
  const rig = new TargetRig(config);
  rig.publish('1');
  await pass(0);
  expect(rig.last.expectReply).toBe(expectReply);
  if (typeof message === 'string') expect(rig.last.payload.trim()).toBe(message);
  else expect(JSON.parse(rig.last.payload)).toEqual(message);
});

test('settled waits for the delivery, or for the last of the tries', async () => {
  for (const end of ['succeed', 'fail'] as const) {
    const rig = new TargetRig();
    await rig.target.settled();
    rig.publish('1');
    let isSettled = false;
    void rig.target.settled().then(() => (isSettled = true));
    await pass(0);
    expect(isSettled).toBe(false);
    await rig.last.fail();
    await pass(5_000);
    expect(isSettled).toBe(false);
    await rig.last[end]();
    await pass(5_000);
    if (end === 'fail') await rig.last.fail();
    expect(isSettled).toBe(true);
  }
});

test('tried waits for one attempt, and not for a target that has failed before', async () => {
  for (const end of ['succeed', 'fail'] as const) {
    const rig = new TargetRig();
    await rig.target.tried();
    rig.publish('1');
    let isTried = false;
    void rig.target.tried().then(() => (isTried = true));
    await pass(0);
    expect(isTried).toBe(false);
    await rig.last[end]();
    await pass(0);
    expect(isTried).toBe(true);
    await rig.target.tried();
  }
});

test('close ends an attempt under way, a wait for the next, and those who wait for the outcome', async () => {
  for (const failures of [0, 1]) {
    const rig = new TargetRig();
    rig.publish('1');
    await pass(0);
    if (failures === 1) await rig.last.fail();
    const settled = rig.target.settled();
    await rig.target.close();
    await settled;
    await pass(60_000);
    expect(rig.sendings).toHaveLength(1);
    expect(rig.count(/^WARN/)).toBe(0);
  }
});
