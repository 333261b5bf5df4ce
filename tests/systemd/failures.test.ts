/** What the installed daemons do when something is wrong, and what they could do at worst. */
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
  linesSince,
  mainPid,
  RECEIVER,
  RECEIVER_SETTINGS,
  savedToken,
  SENDER,
  SENDER_SETTINGS,
  TOKEN_FILE,
} from './installed.ts';
import type { Machine } from './machine.ts';
import { bootWithoutNetwork, bringNetworkUp } from './network.ts';

/** What a unit is after it has ended: also if it is about to be started again. */
async function ended(machine: Machine, unit: string) {
  return machine.waitFor(`the end of ${unit}`, async () => {
    const state = await machine.show(unit, 'ActiveState', 'SubState', 'Result', 'ExecMainStatus', 'NRestarts');
    const hasEnded = ['failed', 'inactive'].includes(state.ActiveState) || state.SubState === 'auto-restart';
    return hasEnded ? state : undefined;
  });
}

const FAILED_FOR_GOOD = {
  ActiveState: 'failed',
  SubState: 'failed',
  Result: 'exit-code',
  ExecMainStatus: '78',
  NRestarts: '0',
};

describeOnSystemd('the installed daemons, when something is wrong', () => {
  let machine: Machine;
  beforeAll(async () => {
    ({ machine } = await bootInstalled());
  });
  afterAll(async () => machine[Symbol.asyncDispose]());

  describe('with a bad configuration are `failed` with exit code 78, say why, and are not restarted', () => {
    const files = [SENDER_SETTINGS, RECEIVER_SETTINGS, APP_CONFIG, TOKEN_FILE];
    const shipped = new Map<string, string>();
    beforeAll(async () => {
      for (const path of files) shipped.set(path, await machine.read(path));
    });
    const mend = async () => {
      for (const [path, text] of shipped) await edit(machine, path, () => text);
      await machine.must('chmod', '600', APP_CONFIG, TOKEN_FILE);
    };
    afterAll(mend);
    beforeEach(async () => {
      await mend();
      await machine.systemctl('stop', SENDER, RECEIVER, 'token-receiver.socket');
      await machine.run('systemctl', 'reset-failed');
    });

    const append = (line: string) => (text: string) => `${text}\n${line}\n`;
    test.each([
      ['an unknown key', SENDER, SENDER_SETTINGS, append('refresh_intervall: 5m'), /sender\.yaml.*refresh_intervall/],
      [
        'a wrong value',
        RECEIVER,
        RECEIVER_SETTINGS,
        append('receive_timeout: soon'),
        /receiver\.yaml.*receive_timeout/,
      ],
      ['what is no YAML', SENDER, SENDER_SETTINGS, append('hooks: {'), /sender\.yaml/],
      [
        'an app without a secret',
        SENDER,
        APP_CONFIG,
        (text: string) => text.replace(/^app_secret:.*$/m, ''),
        /app_secret/,
      ],
      [
        'a token URL in the clear',
        SENDER,
        SENDER_SETTINGS,
        (text: string) => text.replace(/^token_url:.*$/m, 'token_url: http://schwab.example/'),
        /in the clear/,
      ],
    ])('%s: %s', async (_what, unit, path, spoil, why) => {
      await edit(machine, path, spoil);
      const cursor = await endOfJournal(machine);
      expect((await machine.run('systemctl', 'start', unit)).exitCode).toBe(1);
      expect(await ended(machine, unit)).toEqual(FAILED_FOR_GOOD);
      const own = await linesSince(machine, unit, cursor);
      expect(own).toEqual([expect.stringMatching(why)]);
      expect(own[0]).toMatch(/^3 /);

      await edit(machine, path, () => shipped.get(path) ?? '');
      await machine.systemctl('start', unit);
      expect(await machine.systemctl('is-active', unit)).toBe('active\n');
    });

    test.each([
      ['the secret of the app', APP_CONFIG],
      ['the token file', TOKEN_FILE],
    ])('%s can be read by others', async (_what, path) => {
      await machine.must('chmod', '644', path);
      const cursor = await endOfJournal(machine);
      expect((await machine.run('systemctl', 'start', SENDER)).exitCode).toBe(1);
      expect(await ended(machine, SENDER)).toEqual(FAILED_FOR_GOOD);
      const [why, ...more] = await linesSince(machine, SENDER, cursor);
      expect(why).toMatch(new RegExp(`^3 .*${path}.*chmod 600`));
      expect(more).toEqual([]);
    });

    test('also while somebody knocks at the socket of the receiver: that ends, and a restart mends all', async () => {
      await edit(machine, RECEIVER_SETTINGS, append('made_up: 1'));
      const cursor = await endOfJournal(machine);
      await machine.systemctl('start', 'token-receiver.socket');
      await machine.systemctl('start', SENDER);
      await machine.waitFor('the end of the sockets', async () => {
        const { ActiveState } = await machine.show('token-receiver.socket', 'ActiveState');
        return ActiveState === 'failed' ? true : undefined;
      });
      expect(await ended(machine, RECEIVER)).toMatchObject({ ActiveState: 'failed' });
      const own = await linesSince(machine, RECEIVER, cursor);
      expect(own.length).toBeLessThanOrEqual(15);
      for (const line of own) expect(line).toMatch(/^3 .*made_up/);

      await edit(machine, RECEIVER_SETTINGS, () => shipped.get(RECEIVER_SETTINGS) ?? '');
      // At once; after ten seconds the second line is enough.
      await machine.systemctl('reset-failed', 'token-receiver*');
      await machine.systemctl('restart', RECEIVER);
      expect(await delivered(machine)).toBe(await savedToken(machine));
    });
  });

  describe('at worst', () => {
    beforeAll(async () => {
      await machine.run('systemctl', 'reset-failed');
      await machine.systemctl('restart', 'token-receiver.socket', ...BOTH);
      await delivered(machine);
    });

    test.each([
      [SENDER, 1.2],
      [RECEIVER, 0.3],
    ])('%s is exposed no more than %d', async (unit, limit) => {
      const said = await machine.must('systemd-analyze', 'security', '--no-pager', unit);
      const score = /Overall exposure level for .*: (\d+\.\d+) /.exec(said)?.[1];
      expect(Number(score), said).toBeLessThanOrEqual(limit);
    });

    test.each(BOTH)('%s leaves no token in a core dump or in swap', async (unit) => {
      const { MemorySwapMax } = await machine.show(unit, 'MemorySwapMax');
      expect(MemorySwapMax).toBe('0');
      const limits = await machine.read(`/proc/${await mainPid(machine, unit)}/limits`);
      expect(limits).toMatch(/^Max core file size +0 +0 /m);
    });

    test('the sender has no memory that is writable and executable, and may make none; the receiver is not asked to', async () => {
      const { MemoryDenyWriteExecute } = await machine.show(SENDER, 'MemoryDenyWriteExecute');
      expect(MemoryDenyWriteExecute).toBe('yes');
      const maps = await machine.read(`/proc/${await mainPid(machine, SENDER)}/maps`);
      expect(maps).toMatch(/ r-xp /);
      expect(maps).not.toMatch(/ rwxp /);
      expect((await machine.show(RECEIVER, 'MemoryDenyWriteExecute')).MemoryDenyWriteExecute).toBe('no');
    });

    test('neither is root, and neither has a capability', async () => {
      for (const [unit, user] of [
        [SENDER, 'token-sender'],
        [RECEIVER, 'token-receiver'],
      ] as const) {
        const pid = await mainPid(machine, unit);
        expect(await machine.must('stat', '--format=%U', `/proc/${pid}`)).toBe(`${user}\n`);
        const status = await machine.read(`/proc/${pid}/status`);
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
          expect(status).toMatch(new RegExp(`^${set}:\\t0+$`, 'm'));
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      }
    });

    test('the receiver has a network of its own, with nothing in it', async () => {
      const pid = await mainPid(machine, RECEIVER);
      const network = await machine.must('readlink', `/proc/${pid}/ns/net`);
      expect(network).not.toBe(await machine.must('readlink', '/proc/1/ns/net'));
      const links = await machine.must('nsenter', `--target=${pid}`, '--net', 'ip', '-brief', 'link');
      expect(links).toMatch(/^lo [^\n]*\n$/);
    });
  });

  test('a boot with the network down, and a token that has expired: it tries until there is one, and needs no restart', async () => {
    await edit(machine, TOKEN_FILE, (text) => {
      const file = JSON.parse(text) as { token: { expires_at: number } };
      return JSON.stringify({ ...file, token: { ...file.token, expires_at: Math.floor(Date.now() / 1_000) - 60 } });
    });
    const before = await savedToken(machine);
    await machine.systemctl('enable', '--quiet', ...BOTH);
    await bootWithoutNetwork(machine);
    await machine.reboot();
    expect(await machine.systemctl('is-active', ...BOTH)).toBe('active\nactive\n');
    const failure = await machine.journalLine(SENDER, /^Token refresh failed: .*next try in /);
    expect(failure.priority).toBe(4);
    const pid = await mainPid(machine, SENDER);
    await bringNetworkUp(machine);
    await machine.journalLine(SENDER, /^Token refreshed successfully/);
    expect(await delivered(machine)).not.toBe(before);
    expect(await mainPid(machine, SENDER)).toBe(pid);
    const { NRestarts } = await machine.show(SENDER, 'NRestarts');
    expect(NRestarts).toBe('0');
    expect(await journalSince(machine, RECEIVER, failure.cursor, '--priority=warning')).toEqual([]);
  });
});
