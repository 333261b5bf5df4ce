/** The command line of token-refresh-sender. Add a command here. */
import { addSettingOptions, Command, type Surroundings } from '@token-relay/daemon';
import { check } from './commands/check.ts';
import { refresh } from './commands/refresh.ts';
import { run } from './commands/run.ts';
import { status } from './commands/status.ts';
import { ENV_PREFIX, senderDefinitions } from './settings.ts';
import { version } from './version.ts';

type Action = (surroundings: Surroundings, flags: Readonly<Record<string, unknown>>) => Promise<void>;

export function createProgram(surroundings: Surroundings): Command {
  const program = new Command('token-refresh-sender')
    .description(
      'Keeps the login to Charles Schwab alive, saves the tokens and pushes each access token to its targets.',
    )
    .version(version)
    .configureOutput({ writeOut: (text) => void surroundings.stdout.write(text) });

  const add = (name: string, description: string, action: Action) => {
    const command = program
      .command(name)
      .description(description)
      .copyInheritedSettings(program)
      .action((options: Record<string, unknown>) => action(surroundings, options));
    return addSettingOptions(command, senderDefinitions, ENV_PREFIX);
  };
  add('run', 'run the daemon', run);
  add('refresh', 'refresh the token now: asks the running daemon, or does it itself if none runs', refresh);
  add('status', 'how the running daemon is', status).option('--json', 'as JSON');
  add('check', 'look at the configuration and the token file, and say what is wrong', check);
  return program;
}
