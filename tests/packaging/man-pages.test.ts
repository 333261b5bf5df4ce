/** The man pages: made from the programs, so complete; and nothing in them is unknown to man, groff and mandoc. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ExitCode } from '../../packages/daemon/src/exit-code.ts';
import { programs, type CommandFacts, type ProgramFacts } from '../../scripts/package-commands.ts';
import { manPage } from '../../scripts/package-man.ts';
import { CHECKOUT, Folder } from './package.ts';

const source = (program: ProgramFacts) =>
  manPage({
    template: readFileSync(join(CHECKOUT, 'packaging/man', `${program.name}.1`), 'utf8'),
    program,
    version: '1.2.3',
    date: new Date('2026-01-31T12:00:00Z'),
    exitCodes: Object.values(ExitCode),
  });

const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });

/** As a reader sees it, in one line: words are not divided, and blanks are one. */
function shown(program: ProgramFacts): string {
  using folder = new Folder();
  const file = join(folder.path, `${program.name}.1`);
  writeFileSync(file, source(program));
  const { stdout, stderr } = run('man', ['--local-file', '--warnings', '--no-hyphenation', file], {
    ...{ MANWIDTH: '1000', MANPAGER: 'cat', MANROFFOPT: '-c', GROFF_NO_SGR: '1', LC_ALL: 'C.UTF-8' },
  });
  expect(stderr).toBe('');
  return stdout.replaceAll('‐', '-').replace(/\s+/g, ' ');
}

function commands(command: CommandFacts, parents = ''): readonly (readonly [string, CommandFacts])[] {
  return command.commands.flatMap((child) => [
    [`${parents}${child.name}`, child] as const,
    ...commands(child, `${parents}${child.name} `),
  ]);
}

describe.each(programs().map((program) => [program.name, program] as const))('%s(1)', (name, program) => {
  const page = shown(program);

  test('is clean for man, groff and mandoc', () => {
    using folder = new Folder();
    const file = join(folder.path, `${name}.1`);
    writeFileSync(file, source(program));
    const groff = run('groff', ['-ww', '-man', '-Tutf8', '-z', file]);
    expect(groff.stdout + groff.stderr).toBe('');
    const mandoc = run('mandoc', ['-Tlint', file]);
    expect(mandoc.stdout + mandoc.stderr).toBe('');
  });

  test('has every command with its arguments and options', () => {
    for (const [path, command] of commands(program).filter(([, { commands: children }]) => children.length === 0)) {
      expect(page).toContain(`${name} ${path} `);
      for (const argument of command.arguments) expect(page).toContain(argument.name);
      for (const { flag } of command.options) expect(page).toContain(flag);
    }
  });

  test('has every setting with its flag, its variable, its line of the settings file, and its default', () => {
    for (const { key, flag, variable, defaultValue } of program.settings) {
      const from = page.indexOf(flag, page.indexOf(' SETTINGS '));
      expect(from, flag).toBeGreaterThan(0);
      const text = page.slice(from, page.indexOf(variable, from) + variable.length);
      expect(text).toContain(`${key}:, ${variable}`);
      if (defaultValue !== undefined) expect(text).toContain(`Default: ${defaultValue}.`);
    }
  });

  test('has every exit code, and the signals', () => {
    const from = page.indexOf(' EXIT STATUS ');
    const text = page.slice(from, page.indexOf(' ENVIRONMENT ', from));
    for (const code of Object.values(ExitCode)) expect(text).toMatch(new RegExp(` ${code} [A-Z]`));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
      expect(page.slice(page.indexOf(' SIGNALS '))).toContain(signal);
  });

  test('has every variable that the code looks at', () => {
    const files = globSync([`apps/${app(program)}/src/**/*.ts`, 'packages/daemon/src/**/*.ts'], { cwd: CHECKOUT });
    // Only the receiver is given sockets.
    const isFor = (file: string) => app(program) === 'receiver' || !file.endsWith('listen-fds.ts');
    const code = files
      .filter((file) => !file.endsWith('.test.ts') && isFor(file))
      .map((file) => readFileSync(join(CHECKOUT, file), 'utf8'));
    // env['NAME'], env.NAME, and { NAME: name } = env
    const pattern =
      /\benv(?:ironment)?(?:\.|\[')([A-Z][A-Z_]+)|\b([A-Z]{3,}(?:_[A-Z]+)*): [a-z]\w+(?=[,\s][^{}]*\}(?::[^=]*)? = env|[^{}]*\}: Readonly<Record<string, string)/g;
    const names = code.flatMap((text) => [...text.matchAll(pattern)]).map((match) => match[1] ?? match[2] ?? '');
    expect(names).toEqual(expect.arrayContaining(['NOTIFY_SOCKET', 'XDG_CONFIG_HOME', 'JOURNAL_STREAM']));
    expect(names.filter((name) => !page.includes(name))).toEqual([]);
  });

  test('has every file of the settings of the package', () => {
    const file = app(program) === 'sender' ? ['sender.yaml', 'schwab_app_config.yaml'] : ['receiver.yaml'];
    for (const each of file) expect(page).toContain(`/etc/token-relay/${each}`);
  });
});

function app({ envPrefix }: ProgramFacts): 'sender' | 'receiver' {
  return envPrefix === 'TOKEN_SENDER_' ? 'sender' : 'receiver';
}
