/** The completions, asked by the shells themselves: what is offered is what the programs take. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, afterAll, describe, expect, test } from 'vitest';
import { bashCompletion } from '../../scripts/package-bash.ts';
import { programs, type CommandFacts, type ProgramFacts } from '../../scripts/package-commands.ts';
import { zshCompletion } from '../../scripts/package-zsh.ts';
import { Folder } from './package.ts';

const folder = new Folder();
beforeAll(() => {
  for (const program of programs()) {
    writeFileSync(join(folder.path, program.name), bashCompletion(program));
    writeFileSync(join(folder.path, `_${program.name}`), zshCompletion(program));
  }
});
afterAll(() => folder[Symbol.dispose]());

/** bash sets these variables, calls the function, and offers what is in COMPREPLY. */
const ASK_BASH = `
set -u
. "$1/$2"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
function=$(complete -p "$1"); function=\${function#*-F }
"\${function%% *}"
printf '%s\\n' \${COMPREPLY[@]+"\${COMPREPLY[@]}"}
`;

type Ask = (...words: readonly string[]) => readonly string[];

function lines({
  stdout,
  stderr,
  status,
}: {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}) {
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter(Boolean).sort();
}

const bash: Ask = (...words) =>
  lines(spawnSync('bash', ['--norc', '-c', ASK_BASH, 'bash', folder.path, ...words], { encoding: 'utf8' }));

/** In one line, because that is what zsh reads. */
const zsh: Ask = (...words) => {
  const script = join(import.meta.dirname, 'complete.zsh');
  const args = ['-f', script, folder.path, words.join(' ')];
  return lines(spawnSync('zsh', args, { encoding: 'utf8', timeout: 30_000, env: { ...process.env, TERM: 'dumb' } }));
};

function leaves(
  command: CommandFacts,
  path: readonly string[] = [],
): readonly (readonly [readonly string[], CommandFacts])[] {
  return command.commands.length === 0
    ? [[path, command]]
    : command.commands.flatMap((child) => leaves(child, [...path, child.name]));
}

function flags(program: ProgramFacts, command: CommandFacts): readonly string[] {
  return [
    ...['--config', '--help'],
    ...command.options.map(({ flag }) => flag),
    ...program.settings.flatMap(({ flag, boolean }) => (boolean ? [flag, flag.replace('--', '--no-')] : [flag])),
  ].sort();
}

describe.each(programs().map((program) => [program.name, program] as const))('%s', (name, program) => {
  describe.each([
    ['bash', bash],
    ['zsh', zsh],
  ] as const)('%s', (_, ask) => {
    test('offers every command', () => {
      expect(ask(name, '')).toEqual([...program.commands.map((command) => command.name), 'help'].sort());
      for (const { name: group, commands } of program.commands.filter((command) => command.commands.length > 0)) {
        expect(ask(name, group, '')).toEqual([...commands.map((command) => command.name), 'help'].sort());
      }
    });

    test('offers the choices of a setting', () => {
      expect(ask(name, 'run', '--log-level', '')).toEqual(['debug', 'error', 'info', 'warn']);
      expect(ask(name, 'run', '--log-format', 'j')).toEqual(['json']);
    });

    test('offers the files of a folder where a path belongs', () => {
      const offered = ask(name, 'run', '--config', `${folder.path}/token-`);
      expect(offered.map((file) => file.slice(file.lastIndexOf('/') + 1))).toEqual([
        'token-receiver',
        'token-refresh-sender',
      ]);
    });
  });

  test('bash offers every option of every command, and nothing but these', () => {
    for (const [path, command] of leaves(program)) expect(bash(name, ...path, '--')).toEqual(flags(program, command));
  });

  test('bash finds the value of --option=value, which it takes for three words', () => {
    expect(bash(name, 'run', '--log-format', '=', 't')).toEqual(['text']);
    expect(bash(name, 'run', '--log-format', '=')).toEqual(['json', 'text']);
  });

  test('zsh offers every option of every command, and nothing but these', () => {
    for (const [path, command] of leaves(program)) expect(zsh(name, ...path, '--')).toEqual(flags(program, command));
  });
});

test('the forms of a token file are those that the command takes', () => {
  for (const ask of [bash, zsh]) {
    const forms = ['flat', 'schwab-py', 'schwabdev-db', 'schwabdev-json'];
    expect(ask('token-refresh-sender', 'tokens', 'migrate', '--as', '')).toEqual(forms);
    expect(ask('token-refresh-sender', 'tokens', 'export', '--as', '')).toEqual(['env', ...forms]);
  }
});
