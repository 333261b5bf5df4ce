/** The command line of token-receiver. Add a command here. */
import { addSettingOptions, Command, type Surroundings } from '@token-relay/daemon';
import { check } from './commands/check.ts';
import { run } from './commands/run.ts';
import { history } from './commands/history.ts';
import { status } from './commands/status.ts';
import { token } from './commands/token.ts';
import { watch } from './commands/watch.ts';
import { ENV_PREFIX, receiverDefinitions } from './settings.ts';
import { version } from './version.ts';

type Action = (
  surroundings: Surroundings,
  flags: Readonly<Record<string, unknown>>,
  args: readonly string[],
) => Promise<void>;

/** @param argv see {@link addSettingOptions} */
export function createProgram(surroundings: Surroundings, argv?: readonly string[]): Command {
  const program = new Command('token-receiver')
    .description('Takes tokens in over a socket, answers OK, and hands the newest one to every application.')
    .version(version)
    .configureOutput({ writeOut: (text) => void surroundings.stdout.write(text) });

  const add = (name: string, description: string, action: Action) => {
    const command = program
      .command(name)
      .description(description)
      .copyInheritedSettings(program)
      .action(function (this: Command) {
        return action(surroundings, this.opts<Record<string, unknown>>(), this.args);
      });
    return addSettingOptions(command, receiverDefinitions, { envPrefix: ENV_PREFIX, argv });
  };
  add('run', 'run the daemon', run);
  add('token', 'print the access token, for $(…)', token).option(
    '--wait [duration]',
    'wait for one, and for the receiver itself, for at most so long (30s)',
  );
  add('watch', 'print a line for each new token, and run a program for it', (context, options, args) =>
    watch(context, options, args),
  )
    .argument('[program...]', 'with --exec: the program and its arguments, after --')
    .option('--exec', 'run the program for each new token, with the token on its standard input')
    .option('--json', 'each line as JSON');
  add('history', 'the last tokens that came, as fingerprints', history).option('--json', 'as JSON');
  add('status', 'how the running daemon is', status).option('--json', 'as JSON');
  add('check', 'look at the configuration, and say what is wrong', check);
  return program;
}
