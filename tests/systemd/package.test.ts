/** The Debian package in its life: installed, upgraded, removed, purged; and the units for a user's own systemd. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeOnSystemd } from './can-boot.ts';
import {
  APP_CONFIG,
  BOTH,
  bootForPackage,
  buildPackage,
  configure,
  delivered,
  endOfJournal,
  install,
  journalSince,
  mainPid,
  putLogin,
  RECEIVER,
  RECEIVER_SETTINGS,
  savedToken,
  SENDER,
  SENDER_SETTINGS,
  TOKEN_FILE,
} from './installed.ts';
import type { Machine } from './machine.ts';
import { MachineSandbox, TOKEN_URL } from './sandbox.ts';

const SOCKETS = ['token-receiver.socket', 'token-receiver-api.socket', 'token-receiver-credential.socket'];
const CONFFILES = [APP_CONFIG, SENDER_SETTINGS, RECEIVER_SETTINGS];

async function version(machine: Machine): Promise<string> {
  return machine.must('dpkg-query', '--show', '--showformat=${db:Status-Abbrev}${Version}', 'token-relay');
}

async function exists(machine: Machine, path: string): Promise<boolean> {
  return (await machine.run('test', '-e', path)).exitCode === 0;
}

async function states(machine: Machine, ...units: readonly string[]): Promise<readonly string[]> {
  return (await machine.run('systemctl', 'is-active', ...units)).stdout.trim().split('\n');
}

describeOnSystemd('the package', () => {
  let machine: Machine;
  let sandbox: MachineSandbox;
  let older = '';
  let present = '';
  let firstWords = '';

  beforeAll(async () => {
    const builds = async () => [await buildPackage('0.0.9'), await buildPackage()] as const;
    [machine, [older, present]] = await Promise.all([bootForPackage(), builds()]);
    sandbox = await MachineSandbox.start(machine);
    firstWords = await install(machine, older);
  });
  afterAll(async () => machine[Symbol.asyncDispose]());

  test('starts nothing that is not configured, and says what to do next', async () => {
    expect(await states(machine, SENDER, RECEIVER)).toEqual(['inactive', 'inactive']);
    expect((await machine.run('systemctl', 'is-enabled', SENDER)).stdout).toBe('disabled\n');
    expect(await states(machine, ...SOCKETS)).toEqual(['active', 'active', 'active']);
    for (const words of [
      APP_CONFIG,
      'systemctl enable --now token-refresh-sender',
      'token-refresh-sender login',
      'token-readers',
    ]) {
      expect(firstWords).toContain(words);
    }
    expect(firstWords).not.toMatch(/\b(warning|error|failed)\b/i);
    expect(await machine.must('stat', '--format=%a %U', APP_CONFIG)).toMatch(/^600 (root|token-sender)\n$/);
    // Not configured, it would not start.
    expect((await machine.run('systemctl', 'start', SENDER)).exitCode).toBe(1);
    expect((await machine.show(SENDER, 'ExecMainStatus')).ExecMainStatus).toBe('78');
    await machine.systemctl('reset-failed', SENDER);
  });

  test('has man pages, completions and documents where they belong', async () => {
    const files = (await machine.must('dpkg', '--listfiles', 'token-relay')).split('\n');
    for (const name of ['token-refresh-sender', 'token-receiver']) {
      expect(files).toContain(`/usr/bin/${name}`);
      expect(files).toContain(`/usr/share/man/man1/${name}.1.gz`);
      expect(files).toContain(`/usr/share/bash-completion/completions/${name}`);
      expect(files).toContain(`/usr/share/zsh/vendor-completions/_${name}`);
      expect(await machine.must(name, '--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    }
    expect(await machine.must('dpkg', '--verify', 'token-relay')).toBe('');
  });

  test('is upgraded from the version before with the settings, the login and the token kept; what ran runs anew', async () => {
    await configure(machine);
    await putLogin(machine, await sandbox.tokenFileText());
    await machine.systemctl('enable', '--quiet', '--now', SENDER);
    await machine.systemctl('start', RECEIVER);
    await machine.must('token-refresh-sender', 'refresh');
    const token = await delivered(machine);
    const kept = await Promise.all([...CONFFILES, TOKEN_FILE].map((path) => machine.read(path)));
    const pids = await Promise.all(BOTH.map((unit) => mainPid(machine, unit)));
    const { requestCount } = await sandbox.state();
    const cursor = await endOfJournal(machine);

    const said = await install(machine, present);
    expect(said).not.toContain('What is left to do');
    expect(await version(machine)).toMatch(/^ii +(?!0\.0\.9)/);
    expect(await states(machine, ...BOTH, ...SOCKETS)).toEqual(Array(5).fill('active'));
    for (const [index, unit] of BOTH.entries()) expect(await mainPid(machine, unit)).not.toBe(pids[index]);
    expect(await machine.must('token-receiver', 'token')).toBe(`${token}\n`);
    expect(await savedToken(machine)).toBe(token);
    expect(await Promise.all([...CONFFILES, TOKEN_FILE].map((path) => machine.read(path)))).toEqual(kept);
    expect((await sandbox.state()).requestCount).toBe(requestCount);
    for (const unit of BOTH) expect(await journalSince(machine, unit, cursor, '--priority=warning')).toEqual([]);
    expect(await machine.must('token-refresh-sender', 'refresh')).toMatch(/^Token refreshed successfully/);
    await delivered(machine);
  });

  test('goes back to the version before, too, and starts no service that was stopped', async () => {
    await machine.systemctl('stop', ...BOTH);
    await install(machine, older);
    expect(await version(machine)).toBe('ii 0.0.9');
    expect(await states(machine, ...BOTH)).toEqual(['inactive', 'inactive']);
    await machine.systemctl('start', SENDER);
    await delivered(machine);
  });

  test('removed, it stops both and keeps the settings and the login, so that an installation goes on with them', async () => {
    const token = await savedToken(machine);
    const kept = await Promise.all([...CONFFILES, TOKEN_FILE].map((path) => machine.read(path)));
    const said = await machine.must('apt-get', 'remove', '--yes', 'token-relay');
    expect(said).toMatch(/are kept/);
    expect(await states(machine, ...BOTH, ...SOCKETS)).toEqual(Array(5).fill('inactive'));
    expect(await Promise.all([...CONFFILES, TOKEN_FILE].map((path) => machine.read(path)))).toEqual(kept);
    for (const path of [
      '/usr/bin/token-receiver',
      '/usr/lib/token-relay',
      '/run/token-receiver',
      '/run/token-refresh-sender',
    ]) {
      expect([path, await exists(machine, path)]).toEqual([path, false]);
    }
    expect(await machine.must('systemctl', '--failed', '--quiet', '--no-legend', 'list-units', 'token-*')).toBe('');

    await install(machine, present);
    await machine.systemctl('start', SENDER);
    expect(await delivered(machine)).toBe(token);
  });

  test('purged, it says what it deletes, and leaves nothing but its users', async () => {
    const said = await machine.must('apt-get', 'purge', '--yes', 'token-relay');
    for (const words of ['/etc/token-relay', '/var/lib/token-relay', 'refresh token']) expect(said).toContain(words);
    const left = await machine.must(
      ...[
        'find',
        '/etc',
        '/usr',
        '/var',
        '/run',
        '-xdev',
        '(',
        '-name',
        '*token-re*',
        '-o',
        '-path',
        '*token-re*',
        ')',
      ],
      ...['-not', '-path', '/var/lib/dpkg/*', '-not', '-path', '/var/log/*', '-not', '-path', '/run/systemd/*'],
    );
    expect(left).toBe('');
    expect((await machine.run('dpkg-query', '--show', 'token-relay')).exitCode).toBe(1);
    expect(await states(machine, ...BOTH)).toEqual(['inactive', 'inactive']);
    expect(await machine.must('systemctl', 'list-unit-files', '--no-legend', 'token-re*').catch(() => '')).toBe('');
  });

  describe('without root, by the user units', () => {
    const HOME = '/home/alice';
    const RUNTIME = '/run/user/1234';
    const alice = {
      user: 'alice',
      env: { HOME, XDG_RUNTIME_DIR: RUNTIME },
    };

    test('an ordinary user runs both, with settings and sockets of their own', async () => {
      await install(machine, present);
      await machine.must('useradd', '--create-home', '--uid=1234', 'alice');
      await machine.systemctl('start', 'user@1234.service');
      const settings = `${HOME}/.config/token-relay`;
      await machine.mustWith(alice, 'mkdir', '-p', settings);
      await machine.write(`${settings}/sender.yaml`, `token_url: ${TOKEN_URL}\n`, 0o644, 'alice');
      await machine.write(`${settings}/schwab_app_config.yaml`, '', 0o600, 'alice');
      await machine.write(`${settings}/schwab_tokens.json`, await sandbox.tokenFileText(), 0o600, 'alice');
      const app =
        'app_key: sandbox-app-key-of-32-characters\napp_secret: sandbox-secret16\ncallback_url: https://127.0.0.1:8182\n';
      await machine.write(`${settings}/schwab_app_config.yaml`, app, 0o600, 'alice');
      await machine.mustWith(alice, 'systemctl', '--user', 'start', 'token-receiver.socket', SENDER);
      expect(await machine.mustWith(alice, 'token-refresh-sender', 'refresh')).toMatch(/^Token refreshed successfully/);
      const file = JSON.parse(await machine.read(`${settings}/schwab_tokens.json`)) as {
        token: { access_token: string };
      };
      expect(await machine.mustWith(alice, 'token-receiver', 'token', '--wait=30s')).toBe(
        `${file.token.access_token}\n`,
      );
      expect(await machine.mustWith(alice, 'systemctl', '--user', 'is-active', ...BOTH)).toBe('active\nactive\n');
      // The system's own have nothing to do with it.
      expect(await states(machine, ...BOTH)).toEqual(['inactive', 'inactive']);
    });
  });
});
