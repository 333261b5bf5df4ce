/** Both daemons from their package, under systemd: started, stopped, killed, frozen and reloaded; and what they log. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeOnSystemd } from './can-boot.ts';
import {
  APP_CONFIG,
  BOTH,
  bootInstalled,
  delivered,
  edit,
  endOfJournal,
  journalSince,
  lineSince,
  linesSince,
  mainPid,
  RECEIVER,
  RECEIVER_SETTINGS,
  runsAnew,
  savedToken,
  SENDER,
  SENDER_SETTINGS,
  TOKEN_FILE,
  type Installed,
} from './installed.ts';
import type { Machine } from './machine.ts';
import { APP_SECRET, type MachineSandbox } from './sandbox.ts';

const TARGET = 'receiver at unix:/run/token-receiver/token.sock';

/** Everything that must not be found anywhere: whatever was ever in the token file. */
const secrets = new Set<string>([APP_SECRET]);

async function rememberSecrets(machine: Machine): Promise<void> {
  const { token } = JSON.parse(await machine.read(TOKEN_FILE)) as { token: Record<string, string> };
  for (const name of ['access_token', 'refresh_token', 'id_token']) {
    if (token[name] !== undefined) secrets.add(token[name]);
  }
}

async function statusText(machine: Machine, unit: string): Promise<string> {
  return (await machine.show(unit, 'StatusText')).StatusText;
}

async function generation(machine: Machine): Promise<number> {
  const status = JSON.parse(await machine.must('token-receiver', 'status', '--json')) as { generation: number };
  return status.generation;
}

async function stopBoth(machine: Machine): Promise<void> {
  await machine.systemctl('stop', SENDER, 'token-receiver*');
}

/** systemd's own lines (sd-messages(3)): it was told to stop the unit, and the unit has ended as it should. */
const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';
const ENDED_WELL = '7ad2d189f7e94e70a38c781354912448';

/** What systemd takes for the time from the order to the end. */
async function stoppingMs(machine: Machine, unit: string): Promise<number> {
  await machine.systemctl('start', unit);
  const cursor = await endOfJournal(machine);
  await machine.systemctl('stop', unit);
  const entries = await journalSince(machine, unit, cursor);
  const at = (id: string) => {
    const entry = entries.find(({ fields }) => fields['MESSAGE_ID'] === id);
    if (entry === undefined)
      throw new Error(`${unit} did not stop well: ${entries.map(({ message }) => message).join('\n')}`);
    return Number(entry.fields['_SOURCE_REALTIME_TIMESTAMP']);
  };
  return (at(ENDED_WELL) - at(STOPPING)) / 1_000;
}

/** Without what every release changes. */
function masked(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/ \d+\.\d+\.\d+ started/, ' VERSION started'));
}

describeOnSystemd('the installed daemons', () => {
  let installed: Installed;
  let machine: Machine;
  let sandbox: MachineSandbox;

  beforeAll(async () => {
    installed = await bootInstalled();
    ({ machine, sandbox } = installed);
    await rememberSecrets(machine);
  });
  afterAll(async () => installed.machine[Symbol.asyncDispose]());
  /** Each test begins with both running and the same token at both. */
  beforeEach(async () => {
    await machine.systemctl('start', ...BOTH);
    await delivered(machine);
  });

  test.each([
    ['the sender first', SENDER, RECEIVER],
    ['the receiver first', RECEIVER, SENDER],
  ])('start in either order: %s', async (_order, first, second) => {
    await stopBoth(machine);
    expect((await machine.run('test', '-e', '/run/token-receiver/token.sock')).exitCode).toBe(1);
    await machine.systemctl('start', first);
    await machine.systemctl('start', second);
    expect(await machine.systemctl('is-active', ...BOTH)).toBe('active\nactive\n');
    expect(await delivered(machine)).toMatch(/^I0\./);
  });

  test('deliver a refresh and acknowledge it, and say in STATUS what they have', async () => {
    const before = await savedToken(machine);
    const count = await generation(machine);
    expect(await machine.must('token-refresh-sender', 'refresh')).toMatch(/^Token refreshed successfully/);
    expect(await delivered(machine)).not.toBe(before);
    await rememberSecrets(machine);
    expect(await generation(machine)).toBe(count + 1);
    expect(await machine.must('token-refresh-sender', 'status')).toMatch(/Target: .*receiver.*, delivered/);
    const time = '\\d\\d:\\d\\d:\\d\\d';
    const day = '\\d{4}-\\d\\d-\\d\\d';
    const status = `^Access token until (${day} )?${time}, login until ${day} ${time}; next refresh (${day} )?${time}$`;
    expect(await statusText(machine, SENDER)).toMatch(new RegExp(status));
    await machine.waitFor('the status of the receiver', async () => {
      const text = await statusText(machine, RECEIVER);
      return text.startsWith('Token until ') && text.endsWith(`, generation ${count + 1}`) ? true : undefined;
    });
    expect(await machine.must('systemctl', 'status', '--no-pager', ...BOTH)).toMatch(/Status: "Access token until/);
  });

  test('keep the token when the receiver is restarted or killed, with no sender to send it again', async () => {
    const token = await delivered(machine);
    const count = await generation(machine);
    await machine.systemctl('stop', SENDER);
    for (const end of [
      ['restart', RECEIVER],
      ['kill', '--kill-whom=main', '--signal=KILL', RECEIVER],
    ]) {
      const pid = await mainPid(machine, RECEIVER);
      const cursor = await endOfJournal(machine);
      await machine.systemctl(...end);
      await runsAnew(machine, RECEIVER, pid);
      expect(await machine.must('token-receiver', 'token')).toBe(`${token}\n`);
      expect(await generation(machine)).toBe(count);
      await lineSince(machine, RECEIVER, /^Holding the token of before the restart \(generation \d+\)$/, cursor);
    }
  });

  test('lose nothing when the sender is restarted or killed: the same login and token, and no needless refresh', async () => {
    const file = await machine.read(TOKEN_FILE);
    const { requestCount } = await sandbox.state();
    for (const end of [
      ['restart', SENDER],
      ['kill', '--kill-whom=main', '--signal=KILL', SENDER],
    ]) {
      const pid = await mainPid(machine, SENDER);
      const cursor = await endOfJournal(machine);
      await machine.systemctl(...end);
      await runsAnew(machine, SENDER, pid);
      await lineSince(machine, SENDER, /^Token delivered to receiver /, cursor);
      expect(await machine.read(TOKEN_FILE)).toBe(file);
    }
    expect((await sandbox.state()).requestCount).toBe(requestCount);
    expect(await machine.must('stat', '--format=%a %U', TOKEN_FILE)).toBe('600 token-sender\n');
  });

  test.each([
    [SENDER, RECEIVER],
    [RECEIVER, SENDER],
  ])('%s is restarted by its watchdog when it is frozen, and %s goes on', async (unit, other) => {
    const shipped = await machine.show(unit, 'WatchdogUSec');
    expect(shipped.WatchdogUSec).not.toMatch(/^(0|infinity)$/);
    // The same in less time.
    const dropIn = `/run/systemd/system/${unit}.d/50-impatient.conf`;
    await machine.write(dropIn, '[Service]\nWatchdogSec=2s\nRestartSec=100ms\n');
    await machine.systemctl('daemon-reload');
    await machine.systemctl('restart', unit);
    const token = await delivered(machine);
    const [pid, otherPid] = [await mainPid(machine, unit), await mainPid(machine, other)];
    const cursor = await endOfJournal(machine);
    await machine.systemctl('kill', '--kill-whom=main', '--signal=STOP', unit);
    await lineSince(machine, unit, /Watchdog timeout/, cursor);
    await runsAnew(machine, unit, pid);
    expect(await delivered(machine)).toBe(token);
    expect(await mainPid(machine, other)).toBe(otherPid);
    await machine.must('rm', dropIn);
    await machine.systemctl('daemon-reload');
    await machine.systemctl('restart', unit);
    expect(await machine.must('sh', '-c', 'find / -xdev -name "core*" -newer /etc/machine-id -type f -size +1M')).toBe(
      '',
    );
  });

  test.each(BOTH)('%s stops within a second', async (unit) => {
    // What else the computer does can only make it longer.
    const times = [await stoppingMs(machine, unit), await stoppingMs(machine, unit), await stoppingMs(machine, unit)];
    expect(Math.min(...times)).toBeLessThan(1_000);
  });

  describe('systemctl reload', () => {
    test('has them use changed settings, in the same process, and name what needs a restart', async () => {
      const [sender, receiver] = [await mainPid(machine, SENDER), await mainPid(machine, RECEIVER)];
      const cursor = await endOfJournal(machine);
      await edit(machine, SENDER_SETTINGS, (text) => `${text}\nrefresh_interval: 7m\nstatsd: 127.0.0.1:8125\n`);
      await edit(machine, RECEIVER_SETTINGS, (text) => `${text}\nlog_level: debug\nstale_after: 20m\n`);
      await machine.systemctl('reload', ...BOTH);
      for (const [unit, setting] of [
        [SENDER, 'statsd'],
        [RECEIVER, 'stale_after'],
      ] as const) {
        await lineSince(machine, unit, /^Configuration read again \(SIGHUP\)$/, cursor);
        const line = await lineSince(machine, unit, new RegExp(`only after a restart: ${setting}$`), cursor);
        expect(line.priority).toBe(4);
      }
      await machine.waitFor('a refresh that is due sooner', async () => {
        const text = await machine.must('token-refresh-sender', 'status');
        return /Next refresh: .*\((now|in [0-7] minutes?.*|in \d+ seconds)\)/.test(text) ? true : undefined;
      });
      expect([await mainPid(machine, SENDER), await mainPid(machine, RECEIVER)]).toEqual([sender, receiver]);
    });

    test('with settings that are wrong changes nothing, and says why', async () => {
      const restore = new Map<string, string>();
      for (const path of [SENDER_SETTINGS, RECEIVER_SETTINGS]) restore.set(path, await machine.read(path));
      const token = await delivered(machine);
      const cursor = await endOfJournal(machine);
      try {
        for (const path of restore.keys()) await edit(machine, path, (text) => `${text}\nmade_up_setting: 1\n`);
        await machine.systemctl('reload', ...BOTH);
        for (const unit of BOTH) {
          const said = /made_up_setting.*going on with the configuration as it was$/;
          expect((await lineSince(machine, unit, said, cursor)).priority).toBe(3);
        }
      } finally {
        for (const [path, text] of restore) await edit(machine, path, () => text);
      }
      expect(await machine.systemctl('is-active', ...BOTH)).toBe('active\nactive\n');
      expect(await delivered(machine)).toBe(token);
    });
  });

  describe('the journal', () => {
    test('has one line for each event of a healthy hour, and no warning', async () => {
      await stopBoth(machine);
      const cursor = await endOfJournal(machine);
      await machine.systemctl('start', RECEIVER);
      await machine.systemctl('start', SENDER);
      await delivered(machine);
      await machine.must('token-refresh-sender', 'refresh');
      await delivered(machine);
      await rememberSecrets(machine);
      await stopBoth(machine);
      expect(masked(await linesSince(machine, SENDER, cursor))).toEqual([
        `6 Token file read: ${TOKEN_FILE}`,
        '6 token-refresh-sender VERSION started; control socket /run/token-refresh-sender/control.sock',
        `6 Token delivered to ${TARGET} (acknowledged)`,
        '6 Token refreshed successfully (expires in 30 minutes)',
        `6 Tokens saved to ${TOKEN_FILE}`,
        `6 Token delivered to ${TARGET} (acknowledged)`,
        '6 Stopping (SIGTERM)',
        '6 Stopped',
      ]);
      expect(masked(await linesSince(machine, RECEIVER, cursor))).toEqual([
        '6 Listening for tokens on unix:/run/token-receiver/token.sock',
        '6 Applications read the token at unix:/run/token-receiver/api.sock',
        '6 token-receiver VERSION started',
        expect.stringMatching(/^6 Token received over unix \(generation 1, expires in \d+ minutes\)$/),
        '6 Token received over unix (generation 2, expires in 30 minutes)',
        '6 Stopping (SIGTERM)',
        '6 Stopped',
      ]);
      for (const unit of BOTH) {
        expect(await journalSince(machine, unit, cursor, '--priority=warning')).toEqual([]);
      }
    });

    test('of a bad hour has what matters at -p warning, once each, and nothing else', async () => {
      const cursor = await endOfJournal(machine);
      const fault = (order: object) => sandbox.control('POST', '/sandbox/faults', JSON.stringify(order));
      await fault({ kind: 'status', status: 503, times: 2 });
      expect((await machine.run('token-refresh-sender', 'refresh')).exitCode).toBe(75);
      await lineSince(machine, SENDER, /^Token delivered to receiver /, cursor);
      await fault({ kind: 'unauthorized', times: 'always' });
      await machine.run('token-refresh-sender', 'refresh');
      await machine.run('token-refresh-sender', 'refresh');
      await sandbox.control('DELETE', '/sandbox/faults');
      await machine.must('token-refresh-sender', 'refresh');
      await delivered(machine);
      await rememberSecrets(machine);
      const messages = await linesSince(machine, SENDER, cursor);
      const serious = (await journalSince(machine, SENDER, cursor, '--priority=warning')).map(
        ({ priority, message }) => `${priority} ${message}`,
      );
      expect(serious).toEqual([
        expect.stringMatching(/^4 Token refresh failed: Schwab answered HTTP 503 .*; next try in /),
        expect.stringMatching(/^4 Token refresh failed: Schwab answered HTTP 503 .* \(2 failures in a row\)$/),
        expect.stringMatching(`^3 Wrong credentials: .*${APP_CONFIG}`),
      ]);
      const cheerful = messages.filter((line) => !serious.includes(line));
      const recovery = [
        '6 Recovered: Schwab accepts the login again',
        '6 Token refreshed successfully (expires in 30 minutes)',
        `6 Tokens saved to ${TOKEN_FILE}`,
        `6 Token delivered to ${TARGET} (acknowledged)`,
      ];
      expect(cheerful).toEqual([...recovery, ...recovery]);
    });

    test('has fields to filter by: the unit, the identifier, and one for each daemon and both', async () => {
      for (const [unit, identifier, part] of [
        [SENDER, 'token-refresh-sender', 'sender'],
        [RECEIVER, 'token-receiver', 'receiver'],
      ] as const) {
        const text = await machine.must('journalctl', '--output=json', '--lines=1', `TOKEN_RELAY=${part}`);
        expect(JSON.parse(text)).toMatchObject({ _SYSTEMD_UNIT: unit, SYSLOG_IDENTIFIER: identifier });
      }
    });
  });

  test('leave no secret in the journal, in /run, in /var/log, on a command line, in an environment or with systemd', async () => {
    await machine.must('journalctl', '--sync');
    expect(secrets.size).toBeGreaterThan(4);
    const list = '/root/secrets';
    await machine.write(list, [...secrets].join('\n'), 0o600);
    const found = async (script: string) => {
      const text = await machine.must('bash', '-c', `${script} || true`);
      return text.split('\n').filter(Boolean).sort();
    };
    const grep = `grep --text --fixed-strings --file=${list}`;
    const files = (...folders: readonly string[]) =>
      found(`${grep} --recursive --devices=skip --files-with-matches ${folders.join(' ')}`);
    // The net has no hole: it finds them where they belong.
    expect(await files('/etc/token-relay', '/var/lib/token-relay')).toEqual([APP_CONFIG, TOKEN_FILE]);
    // What the receiver holds over a restart, in memory. The journal's own files are compressed: journalctl reads those.
    const holdings = '/run/token-receiver/state/api.state.json';
    expect(await files('--exclude=*.journal', '/run', '/var/log', '/tmp', '/var/tmp')).toEqual([holdings]);
    expect(await machine.must('stat', '--format=%a %U', holdings)).toBe('600 token-receiver\n');
    expect(await found(`journalctl --all --output=cat | ${grep}`)).toEqual([]);
    for (const unit of BOTH) {
      expect(await found(`journalctl --all --output=export --unit=${unit} | ${grep}`)).toEqual([]);
      const pid = await mainPid(machine, unit);
      expect(await files(`/proc/${pid}/cmdline`, `/proc/${pid}/environ`)).toEqual([]);
      expect(await found(`systemctl show ${unit} | ${grep}`)).toEqual([]);
    }
  });
});
