/** Hooks as real processes: small scripts, run by the runner as a daemon runs them. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { WaitingLog } from '../../../tests/rigs/waiting-log.ts';
import { HookRunner, type Hook } from '../src/index.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hooks-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A program of a few shell lines. */
function script(lines: string, mode = 0o755): string {
  const path = join(temporaryFolder(), 'hook');
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, mode);
  return path;
}

interface Rig {
  readonly log: WaitingLog;
  readonly runner: HookRunner<'login_due' | 'other'>;
}
function rig(
  hooks: readonly Hook[],
  environment: Record<string, string> = { PATH: process.env['PATH'] ?? '' },
  isOutputSecret = false,
): Rig {
  const log = new WaitingLog();
  const runner = new HookRunner<'login_due' | 'other'>({
    hooks: new Map([['login_due', hooks]]),
    log,
    environment,
    isOutputSecret,
    kill: (pid, signal) => process.kill(pid, signal),
  });
  onTestFinished(() => runner.close());
  return { log, runner };
}
const hook = (program: string, timeoutMs = 20_000, ...args: string[]): Hook => ({
  command: [program, ...args],
  timeoutMs,
});

/** The memory that is in use, garbage not counted. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Whether a process is gone, or a zombie that only waits to be collected. */
function isGone(pid: number): boolean {
  try {
    return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
const pidIn = (file: string): number => Number(readFileSync(file, 'utf8'));

test('a hook gets its arguments as they are written: no shell reads them', async () => {
  const { log, runner } = rig([hook('printf', 20_000, '<%s>', '$HOME', '`id`', 'a b', '; exit 1')]);
  runner.fire('login_due');
  expect(await log.lineWith('printf')).toBe(
    'DEBUG Hook login_due: printf succeeded; it wrote: <$HOME><`id`><a b><; exit 1>',
  );
});

test("the environment is clean: nothing of the daemon's own but PATH, HOME and LANG", async () => {
  const own = {
    PATH: '/usr/bin:/bin',
    HOME: '/nowhere',
    LANG: 'C',
    CREDENTIALS_DIRECTORY: '/run/c',
    SECRET: 'made-up',
  };
  const { log, runner } = rig([hook('/usr/bin/env')], own);
  runner.fire('login_due', { environment: { TOKEN_RELAY_HOURS_LEFT: '24' } });
  const line = await log.lineWith('env succeeded');
  expect(line.split('it wrote: ')[1]?.split(' | ').sort()).toEqual([
    'HOME=/nowhere',
    'LANG=C',
    'PATH=/usr/bin:/bin',
    'TOKEN_RELAY_EVENT=login_due',
    'TOKEN_RELAY_HOURS_LEFT=24',
  ]);
});

test('standard input is what was given, then it ends', async () => {
  const file = join(temporaryFolder(), 'stdin');
  const { log, runner } = rig([hook(script(`cat > ${file}`))]);
  runner.fire('login_due', { stdin: 'The login ends in 6 hours.\n' });
  await log.lineWith('succeeded');
  expect(readFileSync(file, 'utf8')).toBe('The login ends in 6 hours.\n');
});

test('of a hook that was given a secret the log says only how much it wrote', async () => {
  const { log, runner } = rig([hook(script('cat; cat >&2 /nowhere/at/all'))], undefined, true);
  runner.fire('login_due', { stdin: 'made-up-token-0123456789' });
  const line = await log.lineWith('failed');
  expect(line).toMatch(/failed with exit code 1; it wrote \d+ bytes, which are not logged because a token may be/);
  expect(line).not.toMatch(/made-up|nowhere/);
});

test('a hook that reads nothing harms nobody, however much it is given', async () => {
  const { log, runner } = rig([hook('/bin/true')]);
  runner.fire('login_due', { stdin: 'x'.repeat(1_000_000) });
  expect(await log.lineWith('true')).toBe('DEBUG Hook login_due: /bin/true succeeded');
});

test('a hook that fails at each of many events does not fill the log', async () => {
  const log = new WaitingLog();
  const hook: Hook = { command: [script('exit 3')], timeoutMs: 10_000 };
  const runner = new HookRunner({
    hooks: new Map([['token', [hook]]]),
    log,
    environment: {},
    kill: (pid, signal) => process.kill(pid, signal),
  });
  for (let count = 0; count < 40; count += 1) {
    runner.fire('token');
    await runner.settled();
  }
  const warned = log.lines.filter((line) => line.startsWith('WARN'));
  expect(log.lines).toHaveLength(40);
  // 20 at once, and one more a second.
  expect(warned.length).toBeGreaterThanOrEqual(20);
  expect(warned.length).toBeLessThan(40);
});

test('a hook that fails is one WARN with its exit code and the beginning of what it wrote', async () => {
  const program = script('echo out; echo trouble >&2; exit 3');
  const { log, runner } = rig([hook(program)]);
  runner.fire('login_due');
  await log.lineWith('failed');
  await runner.close();
  expect(log.lines).toEqual([`WARN Hook login_due: ${program} failed with exit code 3; it wrote: out | trouble`]);
});

test('a hook that a signal ends is one WARN', async () => {
  const program = script('kill -SEGV $$');
  const { log, runner } = rig([hook(program)]);
  runner.fire('login_due');
  expect(await log.lineWith(program)).toBe(`WARN Hook login_due: ${program} was ended by SIGSEGV`);
});

test.each([
  ['is not there', () => '/nowhere/notify', 'there is no such program'],
  ['is not in the PATH', () => 'no-such-program-anywhere', 'there is no such program'],
  ['may not be executed', () => script('exit 0', 0o644), 'it may not be executed'],
  ['is a folder', () => temporaryFolder(), 'it may not be executed'],
])('a program that %s is one WARN that names it', async (_what, make, reason) => {
  const program = make();
  const { log, runner } = rig([hook(program)]);
  runner.fire('login_due');
  expect(await log.lineWith(program)).toContain(`WARN Hook login_due: ${program} could not be started: ${reason}`);
  await runner.close();
  expect(log.lines).toHaveLength(1);
});

test('an impossible argument is one WARN too', async () => {
  const { log, runner } = rig([hook('/bin/echo', 20_000, 'x'.repeat(3_000_000))]);
  runner.fire('login_due');
  expect(await log.lineWith('/bin/echo')).toBe(
    'WARN Hook login_due: /bin/echo could not be started: its arguments are too long',
  );
});

test('a flood of output costs no memory, and only its beginning is kept', async () => {
  const folder = temporaryFolder();
  const program = script(`yes made-up-flood | head -c 20000000; mkfifo ${folder}/gate; cat ${folder}/gate; exit 1`);
  const { log, runner } = rig([hook(program, 60_000)]);
  const before = heldBytes();
  runner.fire('login_due');
  await until(() => existsSync(join(folder, 'gate')));
  // While it still runs.
  await until(() => heldBytes() - before < 10_000_000);
  await writeFile(join(folder, 'gate'), '');
  expect((await log.lineWith('failed')).length).toBeLessThan(2_300);
}, 60_000);

test('at its deadline a hook is ended, with all that it started', async () => {
  const folder = temporaryFolder();
  const program = script(`sleep 1000 & echo $! > ${folder}/child; echo waiting; wait`);
  const { log, runner } = rig([hook(program, 400)]);
  runner.fire('login_due');
  expect(await log.lineWith(program)).toBe(
    `WARN Hook login_due: ${program} had not ended after 0.4 s, and was stopped; it wrote: waiting`,
  );
  await until(() => isGone(pidIn(join(folder, 'child'))));
});

test('what ignores SIGTERM gets SIGKILL, also in the background of a hook that has ended', async () => {
  const folder = temporaryFolder();
  const program = script(`(trap '' TERM; while :; do sleep 0.05; done) & echo $! > ${folder}/child`);
  const { log, runner } = rig([hook(program, 400)]);
  runner.fire('login_due');
  await log.lineWith('had not ended');
  await until(() => isGone(pidIn(join(folder, 'child'))));
});

test('of what comes while a hook runs, the newest is told next, and the rest not at all', async () => {
  const folder = temporaryFolder();
  // It waits on a named pipe until the test lets it go.
  const program = script(`[ -p ${folder}/gate ] || mkfifo ${folder}/gate
echo "$TOKEN_RELAY_HOURS_LEFT" >> ${folder}/told
cat ${folder}/gate
echo done "$TOKEN_RELAY_HOURS_LEFT"`);
  const { log, runner } = rig([hook(program)]);
  for (const hours of ['48', '24', '6', '1']) {
    runner.fire('login_due', { environment: { TOKEN_RELAY_HOURS_LEFT: hours } });
    if (hours === '48') await until(() => existsSync(join(folder, 'gate')));
  }
  await writeFile(join(folder, 'gate'), '');
  await log.lineWith('done 48');
  await writeFile(join(folder, 'gate'), '');
  await log.lineWith('done 1');
  await runner.close();
  expect(readFileSync(join(folder, 'told'), 'utf8')).toBe('48\n1\n');
});

test('several hooks of one event run beside each other: one that hangs holds up no other', async () => {
  const { log, runner } = rig([hook('/bin/sleep', 100_000, '1000'), hook('/bin/true')]);
  runner.fire('login_due');
  expect(await log.lineWith('true')).toBe('DEBUG Hook login_due: /bin/true succeeded');
});

test('an event without a hook is nothing', async () => {
  const { log, runner } = rig([hook('/bin/true')]);
  runner.fire('other');
  await runner.close();
  expect(log.lines).toEqual([]);
});

test('closing ends what runs, forgets what waits, and starts nothing more', async () => {
  const folder = temporaryFolder();
  const program = script(`echo $$ > ${folder}/pid; mkfifo ${folder}/started; exec sleep 1000`);
  const { log, runner } = rig([hook(program, 100_000)]);
  runner.fire('login_due');
  runner.fire('login_due');
  await until(() => existsSync(join(folder, 'started')));
  runner.fire('login_due');
  await runner.close();
  runner.fire('login_due');
  await until(() => isGone(pidIn(join(folder, 'pid'))));
  expect(log.lines.filter((line) => line.includes('was stopped'))).not.toHaveLength(0);
  expect(log.lines.filter((line) => !line.startsWith('DEBUG'))).toEqual([]);
});

test('closing is not held up by a process that left the group and holds the output', async () => {
  const folder = temporaryFolder();
  const program = script(
    `setsid sh -c 'echo $$ > ${folder}/escaped; mkfifo ${folder}/started; exec sleep 1000' & wait`,
  );
  const openPipes = (): number => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
  const before = openPipes();
  const { runner } = rig([hook(program, 100_000)]);
  runner.fire('login_due');
  await until(() => existsSync(join(folder, 'started')));
  onTestFinished(() => void process.kill(pidIn(join(folder, 'escaped')), 'SIGKILL'));
  expect(openPipes()).toBeGreaterThan(before);
  await runner.close();
  await until(() => openPipes() === before);
});
