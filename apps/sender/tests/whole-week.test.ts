/** A login from its first minute to its end and the next one, on a moved clock, with all the daemon's parts. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, MovedClockRig, SECOND } from './moved-clock.ts';

/** 27 000 turns of the loop and 500 real saves. */
const PATIENCE_MS = 120_000;

test(
  'a week: every refresh in time, each reminder once though restarted, the end, and the next login',
  async () => {
    const rig = await MovedClockRig.start();
    const loginAtMs = Date.now();
    const endsAtMs = loginAtMs + 7 * DAY;
    const isServed = () => {
      const held = rig.receiver.getLatestToken()?.message.expiresAtMs ?? 0;
      if (Date.now() < endsAtMs && held <= Date.now())
        throw new Error(`no valid token ${Date.now() - loginAtMs} ms in`);
    };

    await rig.pass(3 * DAY, isServed);
    expect(rig.hooksRun()).toEqual([]);
    expect(rig.state).toBe('healthy');
    await rig.stopSender();
    await rig.startSender();
    await rig.pass(3 * DAY + 10 * MINUTE, isServed);
    expect(rig.hooksRun().map((line) => line.split(' ', 2).join(' '))).toEqual(['login_due 48', 'login_due 24']);
    // Twice in a row within the same reminder.
    for (let restart = 0; restart < 2; restart += 1) {
      await rig.stopSender();
      await rig.startSender();
      await rig.pass(5 * MINUTE, isServed);
    }
    await rig.pass(endsAtMs - Date.now() - MINUTE, isServed);
    expect(rig.count(/WARN|ERROR/)).toBe(4);

    const granted = rig.sandbox.requests.filter(({ outcome }) => outcome === 'issued');
    const times = [loginAtMs, ...granted.map(({ atMs }) => atMs), endsAtMs];
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(25 * MINUTE + SECOND);
    expect(Math.min(...gaps.slice(0, -1))).toBeGreaterThan(24 * MINUTE);
    const saved = () =>
      JSON.parse(readFileSync(rig.tokenFile, 'utf8')) as {
        creation_timestamp: number;
        token: { access_token: string };
      };
    expect(saved().creation_timestamp).toBe(loginAtMs / 1_000);
    expect(rig.receiver.getLatestToken()?.message.accessToken).toBe(saved().token.access_token);

    // The end: refused, confirmed, said once. Then seldom asked, and nothing more is said.
    await rig.pass(30 * MINUTE);
    expect(rig.state).toBe('login_required');
    await rig.pass(3 * HOUR);
    expect(rig.count(/^WARN Token refresh refused/)).toBe(2);
    expect(rig.count(/^ERROR/)).toBe(1);
    expect(rig.sandbox.requests.slice(granted.length).map(({ outcome }) => outcome)).toEqual(
      Array.from({ length: 9 }, () => 'refresh_token_expired'),
    );
    expect(rig.hooksRun().slice(-2)).toEqual([
      expect.stringMatching(/^login_due 1 The login ends in 1 hour/),
      expect.stringMatching(/^login_required - Login required: .*refused/),
    ]);

    // The next login, for which most of the week is slept through.
    await rig.logIn();
    expect(rig.state).toBe('healthy');
    expect(saved().creation_timestamp).toBe(Math.floor(Date.now() / 1_000));
    expect(rig.receiver.getLatestToken()?.message.accessToken).toBe(saved().token.access_token);
    await rig.suspend(4 * DAY);
    await rig.pass(MINUTE);
    expect(rig.sandbox.requests.at(-1)).toMatchObject({ outcome: 'issued' });
    await rig.pass(3 * DAY);
    expect(rig.hooksRun().map((line) => line.split(' ', 2).join(' '))).toEqual([
      ...['login_due 48', 'login_due 24', 'login_due 6', 'login_due 1', 'login_required -', 'login_done -'],
      ...['login_due 48', 'login_due 24', 'login_due 6', 'login_due 1'],
    ]);
  },
  PATIENCE_MS,
);
