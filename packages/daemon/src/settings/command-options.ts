import { Option, type Command } from 'commander';
import { environmentName, flagName, type Setting, type SettingDefinitions } from './setting.ts';

/**
 * Gives a command one flag for each setting, and `--config`. commander does not apply the defaults and does not read the
 * environment: `loadSettings` does, which knows which place is the strongest.
 *
 * @param argv the command line: a command that it does not name gets no flags. commander compares each new flag with all
 * before, and for a dozen commands that is so much that V8 starts its optimizing compiler, which costs 6 MB for good.
 * Without it every command gets its flags, as a man page wants them.
 */
export function addSettingOptions(
  command: Command,
  definitions: SettingDefinitions,
  { envPrefix, argv }: { envPrefix: string; argv?: readonly string[] | undefined },
): Command {
  if (argv?.includes(command.name()) === false) return command;
  command.addOption(new Option('--config <path>', `settings file (env: ${envPrefix}CONFIG)`));
  for (const [key, definition] of Object.entries(definitions)) {
    const flag = flagName(key);
    const help = helpText(definition, environmentName(key, envPrefix));
    if (definition.kind === 'boolean') {
      command.addOption(new Option(`${flag} [${definition.placeholder}]`, help));
      command.addOption(new Option(flag.replace('--', '--no-'), `the same as ${flag} false`).hideHelp());
    } else {
      command.addOption(new Option(`${flag} <${definition.placeholder}>`, help));
    }
  }
  return command;
}

function helpText(definition: Setting<unknown>, variable: string): string {
  const notes = [
    ...(definition.fallbackText === undefined ? [] : [`default: ${definition.fallbackText}`]),
    ...(definition.example === undefined ? [] : [`for example ${definition.example}`]),
    `env: ${variable}`,
  ];
  return `${definition.description} (${notes.join(', ')})`;
}
