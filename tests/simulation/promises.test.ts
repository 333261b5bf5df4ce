/** Each promise says so when it is broken: shown with scenes that are made by hand. */
import { expect, test } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from './make-plan.ts';
import { adoption } from './promises/adoption.ts';
import { alarmCause } from './promises/alarm-cause.ts';
import { alarmMissing } from './promises/alarm-missing.ts';
import { credentialsAlarm } from './promises/credentials-alarm.ts';
import { delivered } from './promises/delivered.ts';
import { loginTime } from './promises/login-time.ts';
import { nothingLost } from './promises/nothing-lost.ts';
import { oneAtATime } from './promises/one-at-a-time.ts';
import { reminders } from './promises/reminders.ts';
import { requestRate } from './promises/request-rate.ts';
import { savedBeforePublished } from './promises/saved-before-published.ts';
import { served } from './promises/served.ts';
import { told, type Happening, type PromiseCheck, type Scene, type SenderView } from './scene.ts';

const NOW_MS = 1_762_983_055_000;
const HELD = { accessToken: 'a', refreshToken: 'r', loginAtMs: NOW_MS, expiresAtMs: NOW_MS + 30 * DAY };
const refused: Happening = { kind: 'answered', meaning: { kind: 'refused' } };
const granted: Happening = { kind: 'answered', meaning: { kind: 'granted', accessToken: 'a', refreshToken: 'r' } };
const asked: Happening = { kind: 'asked', refreshToken: 'r' };
const alarm: Happening = { kind: 'hook', event: 'login_required', hoursLeft: -1 };

/** A month in which all is well, but for what is said here. */
class MadeUp {
  ms = 0;
  sender: SenderView = {
    status: 'up',
    held: HELD,
    state: { kind: 'healthy' },
    isSaved: true,
    requestsUnderWay: 0,
  };
  good = ['r'];
  valid = ['a'];
  inFile: typeof HELD | undefined = HELD;
  receiverHolds = 'a';
  isItself = true;
  saysUnauthorized = false;
  readonly #check: PromiseCheck;

  constructor(check: PromiseCheck) {
    this.#check = check;
  }

  get scene(): Scene {
    return {
      clock: {
        runningMs: () => this.ms,
        trueMs: () => NOW_MS + this.ms,
        wallMs: () => NOW_MS + this.ms,
        wallOffsetMs: 0,
      },
      schwab: {
        accepts: (refreshToken: string) => this.good.includes(refreshToken),
        isValid: (accessToken: string) => this.valid.includes(accessToken),
        isItself: () => this.isItself,
        alwaysSaysUnauthorized: () => this.saysUnauthorized,
        issuedAtMs: () => undefined,
        loginOf: () => ({ number: 1 }),
      },
      disk: { tokens: () => this.inFile, isFull: false },
      receivers: [{ name: 'one', isReachable: true, accessToken: this.receiverHolds }],
      sender: this.sender,
    } as unknown as Scene;
  }

  tell(...happenings: readonly Happening[]): string | undefined {
    return happenings.map((happening) => told(this.#check, happening, this.scene)).find((what) => what !== undefined);
  }

  /** Looks every 30 seconds for so long. */
  pass(ms: number): string | undefined {
    let broken = this.#check.look?.(this.scene);
    for (const endMs = this.ms + ms; this.ms < endMs;) {
      this.ms = Math.min(endMs, this.ms + 30 * SECOND);
      broken ??= this.#check.look?.(this.scene);
    }
    return broken;
  }
}

test('no valid token for longer than the wait, though Schwab would give one', () => {
  const month = new MadeUp(served());
  expect(month.pass(HOUR)).toBeUndefined();
  month.valid = [];
  expect(month.pass(MINUTE)).toBeUndefined();
  expect(month.pass(MINUTE)).toMatch(/none for/);
});

test('only a request that was asked before the bad weather ended puts the bound off', () => {
  const month = new MadeUp(served());
  const lost: Happening = { kind: 'answered', meaning: { kind: 'lost' } };
  month.valid = [];
  month.isItself = false;
  month.tell(asked);
  month.isItself = true;
  expect(month.pass(MINUTE)).toBeUndefined();
  month.tell(lost);
  expect(month.pass(MINUTE)).toBeUndefined();
  month.tell(asked, lost);
  expect(month.pass(MINUTE)).toMatch(/none for/);
});

test('a newer login that stays in the file', () => {
  const month = new MadeUp(adoption());
  month.inFile = { ...HELD, accessToken: 'b', refreshToken: 's', loginAtMs: NOW_MS + 5 * SECOND };
  month.good = ['s'];
  expect(month.pass(MINUTE)).toBeUndefined();
  expect(month.pass(MINUTE)).toMatch(/has been in the file for/);
});

test('a second request within a second, one before its time, and a storm', () => {
  const soon = new MadeUp(requestRate());
  soon.tell(asked);
  soon.ms += 999;
  expect(soon.tell(asked)).toMatch(/twice within 999 ms/);

  const early = new MadeUp(requestRate());
  early.tell(asked, granted);
  early.pass(20 * MINUTE);
  expect(early.tell(asked)).toMatch(/1200 s after the last answer/);

  const storm = new MadeUp(requestRate());
  let broken: string | undefined;
  for (let request = 0; request < 201; request += 1) {
    broken ??= storm.tell({ kind: 'asked_by_hand' }, asked);
    storm.ms += 10 * SECOND;
  }
  expect(broken).toMatch(/201 requests within an hour/);
});

test('an alarm after two refusals, after three that came too soon, and twice for the same', () => {
  const two = new MadeUp(alarmCause());
  two.pass(0);
  expect(two.tell(refused, refused, alarm)).toMatch(/after 2 answers/);

  const hasty = new MadeUp(alarmCause());
  hasty.pass(0);
  expect(hasty.tell(refused, refused, refused, alarm)).toMatch(/confirmed within 0 s/);

  const twice = new MadeUp(alarmCause());
  twice.pass(0);
  for (const waitMs of [30 * SECOND, 2 * MINUTE, 0]) {
    twice.tell(refused);
    twice.ms += waitMs;
  }
  expect(twice.tell(alarm)).toBeUndefined();
  expect(twice.tell(alarm)).toMatch(/twice/);
});

test('an alarm though the file has a login that Schwab accepts', () => {
  const month = new MadeUp(alarmCause());
  month.pass(0);
  month.inFile = { ...HELD, refreshToken: 's' };
  month.good = ['s'];
  for (let refusal = 0; refusal < 3; refusal += 1) {
    month.tell(refused);
    month.ms += 2 * MINUTE;
  }
  expect(month.tell(alarm)).toMatch(/the token file has a login that Schwab accepts/);
});

test('a dead login that nobody is told of', () => {
  const month = new MadeUp(alarmMissing());
  month.good = [];
  expect(month.pass(34 * MINUTE)).toBeUndefined();
  expect(month.pass(2 * MINUTE)).toMatch(/dead for/);
  month.sender = { ...month.sender, state: { kind: 'login_required', sinceMs: 0, reason: 'made up' } };
  expect(month.pass(0)).toMatch(/nobody was told/);
});

test('a 401 that goes on, and nobody is told', () => {
  const month = new MadeUp(credentialsAlarm());
  month.saysUnauthorized = true;
  expect(month.pass(30 * MINUTE)).toBeUndefined();
  expect(month.pass(2 * MINUTE)).toMatch(/401 for/);
  month.sender = { ...month.sender, state: { kind: 'misconfigured', answers: 1, sinceMs: 0, reason: 'made up' } };
  expect(month.pass(0)).toMatch(/nobody was told/);
  expect(month.tell({ kind: 'error_line', text: 'Wrong credentials: made up' })).toBeUndefined();
  expect(month.pass(DAY)).toBeUndefined();
});

test('a reminder that does not come, one too early, and one twice', () => {
  const missing = new MadeUp(reminders());
  expect(missing.pass(5 * DAY)).toBeUndefined();
  expect(missing.pass(2 * MINUTE)).toMatch(/48 hours was due/);

  const month = new MadeUp(reminders());
  const reminder: Happening = { kind: 'hook', event: 'login_due', hoursLeft: 48 };
  expect(month.tell(reminder)).toMatch(/none is due/);
  month.ms = 5 * DAY;
  expect(month.tell(reminder)).toBeUndefined();
  month.tell({ kind: 'started' });
  expect(month.tell(reminder)).toMatch(/was said before/);
});

test('a token that is neither held nor in the file', () => {
  const month = new MadeUp(nothingLost());
  month.pass(0);
  month.tell({ kind: 'answered', meaning: { kind: 'granted', accessToken: 'b', refreshToken: 's' } });
  month.good = ['s'];
  month.tell({ kind: 'answered', meaning: { kind: 'granted', accessToken: 'b', refreshToken: 's' } });
  expect(month.pass(0)).toMatch(/neither held/);
});

test('a token that is sent before it is saved', () => {
  const month = new MadeUp(savedBeforePublished());
  const sent: Happening = { kind: 'sent', receiver: 'one', accessToken: 'b' };
  expect(month.tell(sent)).toMatch(/not on disk/);
  expect(month.tell({ kind: 'save_failed', tokenSet: { accessToken: 'b' } }, sent)).toBeUndefined();
});

test('a receiver that can be reached and stays behind', () => {
  const month = new MadeUp(delivered());
  month.receiverHolds = 'old';
  expect(month.pass(90 * SECOND)).toBeUndefined();
  expect(month.pass(MINUTE)).toMatch(/one is behind/);
});

test('a login time that moves, in memory and in the file', () => {
  const month = new MadeUp(loginTime());
  expect(month.pass(0)).toBeUndefined();
  const moved = { ...HELD, loginAtMs: NOW_MS + SECOND };
  expect(month.tell({ kind: 'saved', tokenSet: moved })).toMatch(/now it says/);
  month.sender = { ...month.sender, held: moved };
  expect(month.pass(0)).toMatch(/now it says/);
});

test('two refreshes at a time, and one that is abandoned by a stop', () => {
  const month = new MadeUp(oneAtATime());
  expect(month.tell(asked)).toBeUndefined();
  expect(month.tell({ kind: 'ended', how: 'stop' })).toMatch(/under way/);
  month.tell(asked);
  expect(month.tell(asked)).toMatch(/2 requests/);
});
