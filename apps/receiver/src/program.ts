/** The command line of token-receiver. Add a command here. */
import { addSettingOptions, Command, type Surroundings } from '@token-relay/daemon';
import { check } from './commands/check.ts';
import { run } from './commands/run.ts';
import { status } from './commands/status.ts';
import { token } from './commands/token.ts';
import { ENV_PREFIX, receiverDefinitions } from './settings.ts';
import { version } from './version.ts';

type Action = (surroundings: Surroundings, flags: Readonly<Record<string, unknown>>) => Promise<void>;

export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('token-receiver')
    .description('Takes tokens in over a socket, answers OK, and hands the newest one to every application.')
    .version(version)
    .configureOutput({ writeOut: (text) => void surroundings.stdout.write(text) });

  const add = (name: string, description: string, action: Action) => {
    const command = program
      .command(name)
      .description(description)
      .copyInheritedSettings(program)
      .action((options: Record<string, unknown>) => action(surroundings, options));
    return addSettingOptions(command, receiverDefinitions, ENV_PREFIX);
  };
  add('run', 'run the daemon', run);
  add('token', 'print the access token, for $(…)', token);
  add('status', 'how the running daemon is', status).option('--json', 'as JSON');
  add('check', 'look at the configuration, and say what is wrong', check);
  return program;
}
