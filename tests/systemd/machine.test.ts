/** The machine that the other tests here boot: what it is, and that nothing of it stays behind. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test, vi } from 'vitest';
import { describeOnSystemd } from './can-boot.ts';
import { CHECKOUT, Machine, NODE } from './machine.ts';
import { bootWithoutNetwork, bringNetworkUp, takeNetworkDown } from './network.ts';
import { MachineSandbox, TOKEN_URL } from './sandbox.ts';

/** What this machine shows of a container: its mounts, its processes, its control groups and its /run. */
function leftovers(name: string): string[] {
  const found: string[] = [];
  if (/\/run\/(layers|root)|nspawn/.test(readFileSync('/proc/mounts', 'utf8'))) found.push('a mount');
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      // A process that has ended and was not yet waited for has no command line.
      const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const group = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      if (commandLine !== '' && (commandLine.includes(name) || group.includes(name))) found.push(commandLine);
    } catch {
      // It has ended meanwhile.
    }
  }
  for (const hierarchy of ['', 'unified', 'systemd']) {
    if (existsSync(join('/sys/fs/cgroup', hierarchy, name))) found.push(`the control group ${hierarchy}/${name}`);
  }
  for (const path of ['/run/layers', '/run/root', '/run/systemd/nspawn']) if (existsSync(path)) found.push(path);
  return found;
}

describeOnSystemd('a machine', () => {
  test('runs a real systemd, and no service that this machine has enabled', async () => {
    await using machine = await Machine.boot();
    expect(await machine.read('/proc/1/comm')).toBe('systemd\n');
    expect(await machine.must('find', '/etc/systemd/system', '-name', '*.wants')).toBe('');
    expect(await machine.must('ls', '/sys/class/net')).toBe('lo\n');
    const id = await machine.read('/etc/machine-id');
    expect(id).toMatch(/^[0-9a-f]{32}\n$/);
    expect(id).not.toBe(readFileSync('/etc/machine-id', 'utf8'));
  });

  test('runs the pinned Node on the checkout, as root and as another user, and keeps what is written to itself', async () => {
    await using machine = await Machine.boot();
    expect(await machine.must(NODE, '--version')).toBe(`${process.version}\n`);
    await machine.must('useradd', '--system', '--groups=adm', 'reader');
    const asReader = await machine.mustWith({ user: 'reader' }, 'id', '--groups', '--name');
    expect(asReader).toBe('reader adm\n');
    expect(await machine.mustWith({ user: 'reader' }, NODE, '--print', '6 * 7')).toBe('42\n');
    await machine.write(`${CHECKOUT}/made-up.txt`, 'made-up', 0o640, 'root:reader');
    expect(await machine.must('stat', '--format=%a %U %G', `${CHECKOUT}/made-up.txt`)).toBe('640 root reader\n');
    expect(existsSync(join(import.meta.dirname, '../../made-up.txt'))).toBe(false);
  });

  test('tells of a command that fails, and of one that does not end', async () => {
    await using machine = await Machine.boot();
    expect(await machine.run('sh', '-c', 'echo out; echo err >&2; exit 3')).toEqual({
      stdout: 'out\n',
      stderr: 'err\n',
      exitCode: 3,
    });
    await expect(machine.must('sh', '-c', 'echo why >&2; exit 3')).rejects.toThrow(/ended with 3:\nwhy/);
    await expect(machine.runWith({ timeoutMs: 300 }, 'sleep', '1000')).rejects.toThrow(/took longer than 300 ms/);
    await machine.waitFor('the end of it', async () => {
      const { exitCode } = await machine.run(
        'sh',
        '-c',
        'grep --quiet --no-messages --line-regexp sleep /proc/[0-9]*/comm',
      );
      return exitCode === 0 ? undefined : true;
    });
  });

  test('has the journal by unit, with priorities, and tells of a line as it comes', async () => {
    await using machine = await Machine.boot();
    await machine.writeUnit(
      'speaker.service',
      '[Service]\nExecStart=/bin/sh -c "echo one; echo \'<4>made-up warning\'"\n',
    );
    const [said] = await Promise.all([
      machine.journalLine('speaker.service', /^made-up warning$/),
      machine.systemctl('start', 'speaker.service'),
    ]);
    expect(said).toMatchObject({ message: 'made-up warning', priority: 4, unit: 'speaker.service' });
    const state = await machine.waitFor('the end of the unit', async () => {
      const { ActiveState } = await machine.show('speaker.service', 'ActiveState');
      return ActiveState === 'inactive' ? ActiveState : undefined;
    });
    expect(state).toBe('inactive');
    const messages = (await machine.journal('speaker.service', '--priority=warning')).map(({ message }) => message);
    expect(messages).toEqual(['made-up warning']);
  });

  test('keeps its files over a reboot, and its /run not', async () => {
    await using machine = await Machine.boot();
    await machine.write('/etc/kept', 'made-up');
    await machine.write('/run/lost', 'made-up');
    await machine.reboot();
    expect(await machine.read('/etc/kept')).toBe('made-up');
    expect((await machine.run('test', '-e', '/run/lost')).exitCode).toBe(1);
  });

  test('takes files in', async () => {
    await using machine = await Machine.boot();
    await machine.copyIn(import.meta.filename, '/srv/tests');
    expect(await machine.read('/srv/tests/machine.test.ts')).toBe(readFileSync(import.meta.filename, 'utf8'));
    await machine.copyIn(import.meta.dirname, '/srv/more');
    expect(await machine.read('/srv/more/systemd/boot.sh')).toBe(
      readFileSync(join(import.meta.dirname, 'boot.sh'), 'utf8'),
    );
  });

  test('has the stand-in for Schwab on its own loopback, from the checkout, also after a reboot', async () => {
    await using machine = await Machine.boot();
    const sandbox = await MachineSandbox.start(machine, '--access-token-seconds=60');
    expect(JSON.parse(await sandbox.tokenFileText())).toHaveProperty('token.refresh_token');
    expect(await sandbox.state()).toMatchObject({ requestCount: 0 });
    const line = await machine.journalLine('schwab-sandbox.service', /token URL/);
    expect(line.message).toContain(`(token URL ${TOKEN_URL})`);
    const before = await sandbox.tokenFileText();
    await machine.reboot();
    await machine.journalLine('schwab-sandbox.service', /token URL/);
    expect(await sandbox.tokenFileText()).toBe(before);
    expect(await sandbox.logIn()).not.toBe(before);
    await expect(sandbox.control('GET', '/sandbox/made-up')).rejects.toThrow(/answered with 404/);
  });

  test('can be without its network, from the boot on too, and have it back', async () => {
    await using machine = await Machine.boot();
    const sandbox = await MachineSandbox.start(machine);
    await takeNetworkDown(machine);
    await expect(sandbox.state()).rejects.toThrow('ENETUNREACH');
    await bringNetworkUp(machine);
    await sandbox.state();
    await bootWithoutNetwork(machine);
    await machine.reboot();
    await machine.journalLine('schwab-sandbox.service', /token URL/);
    // This sets the loopback of the machine up: the network is to be down all the same.
    await machine.must('systemd-run', '--wait', '--quiet', '--property=PrivateIPC=yes', 'true');
    await expect(sandbox.state()).rejects.toThrow('ENETUNREACH');
    await bringNetworkUp(machine);
    await sandbox.state();
  });

  test('has a checkout that is on another filesystem, with its node_modules elsewhere', async () => {
    // On Linux this is never on the same filesystem as /.
    const checkout = await mkdtemp('/dev/shm/token-relay, and: more-');
    const modules = await mkdtemp('/dev/shm/token-relay-modules-');
    try {
      await mkdir(join(checkout, 'folder'));
      await writeFile(join(checkout, 'folder/file'), 'made-up');
      await writeFile(join(modules, 'module'), 'made-up module');
      await symlink(modules, join(checkout, 'node_modules'));
      await using machine = await Machine.boot({ checkout });
      expect(await machine.read(`${CHECKOUT}/folder/file`)).toBe('made-up');
      expect(await machine.read(`${CHECKOUT}/node_modules/module`)).toBe('made-up module');
    } finally {
      await rm(checkout, { recursive: true });
      await rm(modules, { recursive: true });
    }
  });

  test('leaves nothing behind: after a poweroff, after a test that failed, and after the death of who booted it', async () => {
    const machine = await Machine.boot();
    const waiting = machine.start({}, 'sleep', '1000');
    expect(leftovers(machine.name)).not.toEqual([]);
    await machine.poweroff();
    expect((await waiting.outcome).exitCode).toBe(128 + 15);
    expect(leftovers(machine.name)).toEqual([]);

    let name = '';
    await expect(async () => {
      await using failing = await Machine.boot();
      name = failing.name;
      throw new Error('made-up failure');
    }).rejects.toThrow('made-up failure');
    expect(leftovers(name)).toEqual([]);

    const child = spawn(process.execPath, [join(import.meta.dirname, 'boot-and-wait.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [booted] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(leftovers(booted)).not.toEqual([]);
    child.kill('SIGKILL');
    await vi.waitUntil(() => leftovers(booted).length === 0, { timeout: 60_000, interval: 50 });
  });

  test('leaves nothing behind after the death of vitest, whose worker lives on', async () => {
    const worker = fork(join(import.meta.dirname, 'boot-and-wait.ts'), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    try {
      if (worker.stdout === null) throw new Error('no pipe');
      const [booted] = (await once(createInterface({ input: worker.stdout }), 'line')) as [string];
      expect(leftovers(booted)).not.toEqual([]);
      worker.disconnect();
      await vi.waitUntil(() => leftovers(booted).length === 0, { timeout: 60_000, interval: 50 });
    } finally {
      worker.kill('SIGKILL');
    }
  });
});
