import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { CommandFailure, runCommandLine } from './command-line.ts';
import { ConfigurationError } from './configuration-error.ts';
import { SystemdError } from './systemd.ts';

async function run(args: string[], action: () => unknown = () => undefined): Promise<{ code: number; errors: string }> {
  const program = new Command('app').version('1.2.3').configureOutput({ writeOut: () => undefined });
  program
    .command('work')
    .option('--count <n>')
    .action(async () => {
      await action();
    });
  let errors = '';
  const code = await runCommandLine(program, ['node', 'app', ...args], {
    stderr: { write: (text) => (errors += text) },
  });
  return { code, errors };
}

const throwing = (error: unknown) => (): never => {
  throw error;
};

describe('the exit code', () => {
  test('of a command that did its work is 0', async () => {
    expect(await run(['work'])).toEqual({ code: 0, errors: '' });
  });

  test.each([[['--help']], [['--version']], [['work', '--help']], [['help', 'work']]])('of %j is 0', async (args) => {
    expect((await run(args)).code).toBe(0);
  });

  test.each([
    [['--nonsense']],
    [['work', '--nonsense']],
    [['nonsense']],
    [['work', '--count']],
    [['work', 'extra', 'more']],
  ])('of the wrong command line %j is 2, with a message', async (args) => {
    const { code, errors } = await run(args);
    expect(code).toBe(2);
    expect(errors).toMatch(/^error: /);
  });

  test.each([
    [new CommandFailure('the daemon is not running', 69), 69, 'error: the daemon is not running\n'],
    [new ConfigurationError('config_invalid', 'bad', { file: 'a.yaml', line: 3 }), 78, 'error: a.yaml:3: bad\n'],
    [new ConfigurationError('config_invalid', 'unknown "\u001b[2J\nok"'), 78, 'error: unknown "\\u001b[2J\\nok"\n'],
    [new ConfigurationError('config_invalid', 'x'.repeat(1_000_000)), 78, `error: ${'x'.repeat(1000)}…\n`],
    [new SystemdError('install it'), 78, 'error: install it\n'],
  ])('of %s is its own, and its message is all that is said', async (error, code, errors) => {
    expect(await run(['work'], throwing(error))).toEqual({ code, errors });
  });

  test.each([new TypeError('undefined is not a function'), Object.assign(new Error('odd'), { exitCode: 5 }), 'text'])(
    'of an unknown failure is 1, and it is called a bug',
    async (error) => {
      const { code, errors } = await run(['work'], throwing(error));
      expect(code).toBe(1);
      expect(errors).toContain('this is a bug');
      expect(errors).toContain(error instanceof Error ? error.message : error);
    },
  );
});
