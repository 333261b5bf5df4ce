/** What the two programs say of themselves, as plain data: the man pages and the completions are made from it. */
import { createProgram as createReceiver } from '../apps/receiver/src/program.ts';
import { ENV_PREFIX as RECEIVER_PREFIX, receiverDefinitions } from '../apps/receiver/src/settings.ts';
import { createProgram as createSender } from '../apps/sender/src/program.ts';
import { ENV_PREFIX as SENDER_PREFIX, senderDefinitions } from '../apps/sender/src/settings.ts';
import type { Command } from '../packages/daemon/src/command-line.ts';
import type { Surroundings } from '../packages/daemon/src/run-daemon.ts';
import {
  environmentName,
  flagName,
  yamlName,
  type SettingDefinitions,
} from '../packages/daemon/src/settings/setting.ts';

export interface OptionFacts {
  /** `--token-file` */
  readonly flag: string;
  readonly short: string | undefined;
  /** the name of its value; undefined: it takes none */
  readonly value: string | undefined;
  /** whether the value may be left out */
  readonly valueOptional: boolean;
  /** what the value may be */
  readonly choices: readonly string[] | undefined;
  readonly description: string;
  readonly defaultValue: string | undefined;
  readonly hidden: boolean;
}

export interface ArgumentFacts {
  readonly name: string;
  readonly required: boolean;
  readonly variadic: boolean;
}

export interface CommandFacts {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly ArgumentFacts[];
  /** without those that every command takes for the settings */
  readonly options: readonly OptionFacts[];
  readonly takesSettings: boolean;
  readonly commands: readonly CommandFacts[];
}

export interface SettingFacts {
  readonly key: string;
  readonly flag: string;
  readonly variable: string;
  /** `path`, `duration`, `text|json`… */
  readonly value: string;
  readonly boolean: boolean;
  readonly description: string;
  readonly defaultValue: string | undefined;
  readonly example: string | undefined;
}

export interface ProgramFacts extends CommandFacts {
  readonly settings: readonly SettingFacts[];
  readonly envPrefix: string;
}

/** Only commands that are run have surroundings. */
const surroundings = {} as Surroundings;

export function programs(): readonly ProgramFacts[] {
  return [
    programFacts(createSender(surroundings), senderDefinitions, SENDER_PREFIX),
    programFacts(createReceiver(surroundings), receiverDefinitions, RECEIVER_PREFIX),
  ];
}

function programFacts(program: Command, definitions: SettingDefinitions, envPrefix: string): ProgramFacts {
  const settings = Object.entries(definitions).map(([key, definition]) => ({
    key: yamlName(key),
    flag: flagName(key),
    variable: environmentName(key, envPrefix),
    value: definition.placeholder,
    boolean: definition.kind === 'boolean',
    description: definition.description,
    defaultValue: definition.fallbackText,
    example: definition.example,
  }));
  const ofSettings = new Set(['--config', ...settings.flatMap(({ flag }) => [flag, flag.replace('--', '--no-')])]);
  return { ...commandFacts(program, ofSettings), settings, envPrefix };
}

function commandFacts(command: Command, ofSettings: ReadonlySet<string>): CommandFacts {
  const options = command.options.map(optionFacts);
  return {
    name: command.name(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      required: argument.required,
      variadic: argument.variadic,
    })),
    options: options.filter(({ flag }) => !ofSettings.has(flag)),
    takesSettings: options.some(({ flag }) => flag === '--config'),
    commands: command.commands.map((child) => commandFacts(child, ofSettings)),
  };
}

function optionFacts(option: Command['options'][number]): OptionFacts {
  const value = /[<[](.+)[>\]]/.exec(option.flags)?.[1];
  return {
    flag: option.long ?? option.flags,
    short: option.short,
    value,
    // The description of the forms of a token file is their list.
    choices: value === 'form' ? option.description.split(', ') : option.argChoices,
    valueOptional: option.optional,
    description: option.description,
    defaultValue: typeof option.defaultValue === 'string' ? option.defaultValue : undefined,
    hidden: option.hidden,
  };
}
