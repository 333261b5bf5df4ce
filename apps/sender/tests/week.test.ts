/** The week with a real file beside the token file. */
import type { HookDetails } from '@token-relay/daemon';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LOGIN_LIFETIME_MS } from '../src/login/login-lifetime.ts';
import { reminderFile, reminderStore } from '../src/week/reminder-store.ts';
import { nothingSaid } from '../src/week/reminders.ts';
import { WeekKeeper } from '../src/week/week-keeper.ts';
import { recordingLog } from './recording-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

const HOUR = 3_600_000;
const login = 1_762_983_055_000;
const end = login + LOGIN_LIFETIME_MS;

/** A sender that can be started again and again with one token file. */
function rig() {
  const lines: string[] = [];
  const fired: HookDetails[] = [];
  const folder = temporaryFolder();
  const tokenFile = join(folder, 'schwab_tokens.json');
  const start = () =>
    new WeekKeeper({
      store: reminderStore(tokenFile, recordingLog(lines)),
      log: recordingLog(lines),
      fire: (_event, details) => void fired.push(details),
    });
  const warnings = () => lines.filter((line) => line.startsWith('WARN'));
  return { lines, fired, folder, tokenFile, start, warnings };
}

test('each reminder of the week comes once, in the log and as a hook, though the sender is restarted at every step', async () => {
  const { start, warnings, fired } = rig();
  for (let now = login; now < end + HOUR; now += 25 * 60_000) await start().look(login, now);
  expect(warnings()).toEqual([
    expect.stringContaining('The login ends in 2 days, on '),
    expect.stringContaining('The login ends in 23 hours 50 minutes, on '),
    expect.stringContaining('The login ends in 5 hours 55 minutes, on '),
    expect.stringContaining('The login ends in 55 minutes, on '),
    expect.stringContaining('The 7 days of the login were over on '),
  ]);
  expect(fired.map(({ environment }) => environment)).toEqual(
    ['48', '24', '6', '1'].map((hours) => ({ TOKEN_RELAY_HOURS_LEFT: hours })),
  );
});

test('a sender that stops waits until what was said is saved, so that it is not said again', async () => {
  const saved = Promise.withResolvers<undefined>();
  const keeper = new WeekKeeper({
    store: { load: () => Promise.resolve(nothingSaid), save: () => saved.promise },
    log: recordingLog([]),
    fire: () => undefined,
  });
  await keeper.settled();
  void keeper.look(login, end - HOUR);
  let isSettled = false;
  const settled = keeper.settled().then(() => (isSettled = true));
  await new Promise(setImmediate);
  expect(isSettled).toBe(false);
  saved.resolve(undefined);
  await settled;
});

test('a hook gets the words of the log on its standard input', async () => {
  const { start, warnings, fired } = rig();
  await start().look(login, end - 2 * HOUR);
  expect(fired.map(({ stdin }) => `WARN ${stdin ?? ''}`)).toEqual(warnings().map((line) => `${line}\n`));
});

test('what was said is beside the token file, for its owner alone, and is no secret', async () => {
  const { start, folder } = rig();
  await start().look(login, end - HOUR);
  expect(readdirSync(folder)).toEqual(['.schwab_tokens.reminders.json']);
  const file = join(folder, '.schwab_tokens.reminders.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
    creation_timestamp: login / 1_000,
    hours_given: [1],
    unknown_login_said: false,
  });
});

test('nothing is written while there is nothing to say', async () => {
  const { start, tokenFile, lines } = rig();
  const keeper = start();
  await keeper.look(login, login);
  await keeper.look(login, login + HOUR);
  expect(existsSync(reminderFile(tokenFile))).toBe(false);
  expect(lines).toEqual([expect.stringMatching(/^DEBUG No reminders known from /)]);
});

test('an unknown login is one WARN and no hook', async () => {
  const { start, warnings, fired } = rig();
  await start().look(undefined, end);
  await start().look(undefined, end);
  expect(warnings()).toEqual([expect.stringContaining('The login may end at any moment')]);
  expect(fired).toEqual([]);
});

test('looks that overlap say it once', async () => {
  const { start, warnings } = rig();
  const keeper = start();
  await Promise.all([keeper.look(login, end - HOUR), keeper.look(login, end - HOUR)]);
  expect(warnings()).toHaveLength(1);
});

test.each([
  ['is empty', ''],
  ['is cut', '{"creation_timestamp": 17629'],
  ['is something else', '[48, 24]'],
  ['has other types', '{"creation_timestamp": "x", "hours_given": 5, "unknown_login_said": false}'],
  [
    'is too large',
    `{"creation_timestamp": ${login / 1_000}, "hours_given": [1], "unknown_login_said": true, "x": "${'x'.repeat(5_000)}"}`,
  ],
])('a file that %s is as none, and is written anew', async (_what, text) => {
  const { start, tokenFile, warnings } = rig();
  const file = reminderFile(tokenFile);
  writeFileSync(file, text);
  await start().look(login, end - HOUR);
  await start().look(login, end - HOUR);
  expect(warnings()).toHaveLength(1);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ hours_given: [1] });
});

test('a file that cannot be read or written costs a repetition after a restart, and nothing else', async () => {
  const { start, tokenFile, warnings, fired } = rig();
  // A folder in its place is refused to root, too.
  mkdirSync(reminderFile(tokenFile));
  const keeper = start();
  await keeper.look(login, end - HOUR);
  await keeper.look(login, end - HOUR);
  expect(fired).toHaveLength(1);
  expect(warnings()).toEqual([
    expect.stringContaining('The login ends in 1 hour'),
    expect.stringMatching(/could not save .*repeated if the sender is restarted$/),
  ]);
});

test('the state of the file is what was saved', async () => {
  const { tokenFile, lines } = rig();
  const store = reminderStore(tokenFile, recordingLog(lines));
  expect(await store.load()).toEqual(nothingSaid);
  const state = { creationTimestamp: 1_762_983_055, given: [48, 24], unknownSaid: true };
  await store.save(state);
  chmodSync(reminderFile(tokenFile), 0o640);
  expect(await store.load()).toEqual(state);
});

test('the name of the file follows that of the token file', () => {
  expect(reminderFile('/a/configs/schwab_tokens.json')).toBe('/a/configs/.schwab_tokens.reminders.json');
  expect(reminderFile('/a/token')).toBe('/a/.token.reminders.json');
});
