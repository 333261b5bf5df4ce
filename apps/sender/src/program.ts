/** The command line of token-refresh-sender. Add a command here. */
import { addSettingOptions, Command, type Surroundings } from '@token-relay/daemon';
import { check } from './commands/check.ts';
import { clusterStatusCommand, stepDownCommand } from './commands/cluster.ts';
import { importCommand } from './commands/import-tokens.ts';
import { login } from './commands/login.ts';
import { refresh } from './commands/refresh.ts';
import { run } from './commands/run.ts';
import { status } from './commands/status.ts';
import { FORMATS } from './commands/token-command.ts';
import { backupCommand, clearCommand, exportCommand, migrateCommand } from './commands/tokens.ts';
import { ENV_PREFIX, senderDefinitions } from './settings.ts';
import { version } from './version.ts';

type Action = (surroundings: Surroundings, flags: Readonly<Record<string, unknown>>) => Promise<void>;

/** @param argv see {@link addSettingOptions} */
export function createProgram(surroundings: Surroundings, argv?: readonly string[]): Command {
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
    return addSettingOptions(command, senderDefinitions, { envPrefix: ENV_PREFIX, argv });
  };
  add('run', 'run the daemon', run);
  add('refresh', 'refresh the token now: asks the running daemon, or does it itself if none runs', refresh);
  add('login', 'log in to Schwab: every 7 days, through the running daemon if there is one', login)
    .option('--no-browser', 'for a machine with no screen: log in elsewhere, and paste the redirected address here')
    .option('--timeout <duration>', 'how long to wait for the login (default: 5m)');
  add('status', 'how the running daemon is', status).option('--json', 'as JSON');
  add('check', 'look at the configuration and the token file, and say what is wrong', check);
  addClusterCommands(program, surroundings, argv);
  addTokensCommands(program, surroundings, argv);
  return program;
}

/** `cluster …`: ask the running daemon. */
function addClusterCommands(program: Command, surroundings: Surroundings, argv?: readonly string[]): void {
  const cluster = program
    .command('cluster')
    .description('one login for many machines: who leads, which hosts are there')
    .copyInheritedSettings(program);
  const add = (usage: string, description: string, action: Action) =>
    addSettingOptions(
      cluster
        .command(usage)
        .description(description)
        .copyInheritedSettings(program)
        .action((flags: Record<string, unknown>) => action(surroundings, flags)),
      senderDefinitions,
      { envPrefix: ENV_PREFIX, argv },
    );
  add('status', 'who leads, and which hosts are there', clusterStatusCommand).option('--json', 'as JSON');
  add('step-down', 'let another host lead, if this one does', stepDownCommand);
}

/** `tokens …`: each takes the settings too, because they say where the token file is. */
function addTokensCommands(program: Command, surroundings: Surroundings, argv?: readonly string[]): void {
  const tokens = program
    .command('tokens')
    .description('the token file: import, export, back up, convert, clear')
    .copyInheritedSettings(program);
  const add = (usage: string, description: string) =>
    addSettingOptions(
      tokens.command(usage).description(description).copyInheritedSettings(program),
      senderDefinitions,
      { envPrefix: ENV_PREFIX, argv },
    );
  const forms = FORMATS.join(', ');
  add('import <file>', `make other tokens the login: a file of schwab-py or Schwabdev, or "env" for SCHWAB_…_TOKEN`)
    .option('--force', 'also if the login that is there is newer, or its file is broken')
    .action((source: string, flags: Record<string, unknown>) => importCommand(surroundings, flags, source));
  add('export <file>', 'write the tokens for another program')
    .option('--as <form>', `${forms}, env`, 'schwab-py')
    .option('--force', 'also over a file that exists')
    .action((target: string, flags: Record<string, unknown>) => exportCommand(surroundings, flags, target));
  add('backup <file>', 'copy the token file').action((target: string, flags: Record<string, unknown>) =>
    backupCommand(surroundings, flags, target),
  );
  add('migrate <file>', 'write the token file in another form')
    .option('--as <form>', forms, 'schwab-py')
    .action((target: string, flags: Record<string, unknown>) => migrateCommand(surroundings, flags, target));
  add('clear', 'remove the token file, after asking')
    .option('--yes', 'without asking')
    .action((flags: Record<string, unknown>) => clearCommand(surroundings, flags));
}
