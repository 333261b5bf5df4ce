import { access } from 'node:fs/promises';
import { ConfigurationError } from '../configuration-error.ts';
import { isMapping } from './mapping.ts';
import { meant } from './nearest.ts';
import { readTextFile } from './read-text-file.ts';
import { formatPath } from './schema-problem.ts';
import {
  environmentName,
  flagName,
  yamlName,
  type ParsedSetting,
  type Setting,
  type SettingDefinitions,
  type SettingsOf,
} from './setting.ts';
import { parseYaml, type ParsedYaml } from './yaml-text.ts';

export type SettingSource = 'flag' | 'environment' | 'file' | 'default';

export interface SettingsPlaces {
  /** What commander's `opts()` gave; a member that is undefined was not on the command line. */
  flags: Readonly<Record<string, unknown>>;
  env: Readonly<Record<string, string | undefined>>;
  /** With its underscore: `TOKEN_SENDER_`. A variable that is set but empty counts as not set. */
  envPrefix: string;
  /** A settings file that must exist. Without it: `--config`, then `PREFIX_CONFIG`, then the first default that exists. */
  configFile?: string;
  defaultConfigFiles: readonly string[];
  /** Relative paths are taken from here. */
  cwd: string;
}

export interface LoadedSettings<D extends SettingDefinitions> {
  values: SettingsOf<D>;
  /** Where each value came from, by the key of its definition. */
  sources: { readonly [K in keyof D]: SettingSource };
  /** The settings file that was read. */
  configFile?: string;
  /** Things that do not stop the start, for the log: a variable with our prefix that names no setting. */
  warnings: string[];
}

/**
 * Collects every setting from the strongest place that has it: flag, environment, settings file, default.
 * Rejects with ConfigurationError; the message names the flag, the variable, or the file and line.
 */
export function loadSettings<D extends SettingDefinitions>(
  definitions: D,
  places: SettingsPlaces,
): Promise<LoadedSettings<D>>;
export async function loadSettings(
  definitions: SettingDefinitions,
  places: SettingsPlaces,
): Promise<LoadedSettings<SettingDefinitions>> {
  const { flags, env, envPrefix } = places;
  const configFile = await findConfigFile(places);
  const file = configFile === undefined ? undefined : await readSettingsFile(configFile, definitions);
  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};

  for (const [key, definition] of Object.entries(definitions)) {
    const variable = environmentName(key, envPrefix);
    if (flags[key] !== undefined) {
      sources[key] = 'flag';
      values[key] = accepted(parseFlag(definition, flags[key], places), flagName(key));
    } else if (env[variable] !== undefined && env[variable] !== '') {
      sources[key] = 'environment';
      values[key] = accepted(definition.parseText(env[variable], places), variable);
    } else if (file !== undefined && Object.hasOwn(file.members, yamlName(key))) {
      sources[key] = 'file';
      values[key] = fileValue(definition, file, yamlName(key), places);
    } else {
      sources[key] = 'default';
      values[key] = defaultValue(definition, key, places);
    }
  }
  const warnings = unknownVariables(definitions, env, envPrefix);
  return { values, sources, warnings, ...(configFile === undefined ? {} : { configFile }) };
}

async function findConfigFile(places: SettingsPlaces): Promise<string | undefined> {
  const { configFile, flags, env, envPrefix, defaultConfigFiles } = places;
  if (configFile !== undefined) return configFile;
  if (typeof flags['config'] === 'string') return flags['config'];
  const fromEnvironment = env[`${envPrefix}CONFIG`];
  if (fromEnvironment !== undefined && fromEnvironment !== '') return fromEnvironment;
  for (const candidate of defaultConfigFiles) {
    const exists = await access(candidate).then(
      () => true,
      () => false,
    );
    if (exists) return candidate;
  }
  return undefined;
}

interface SettingsFile {
  name: string;
  members: Readonly<Record<string, unknown>>;
  lineOf: Extract<ParsedYaml, { ok: true }>['lineOf'];
}

async function readSettingsFile(name: string, definitions: SettingDefinitions): Promise<SettingsFile> {
  const parsed = await parseYaml(await readTextFile(name));
  if (!parsed.ok) {
    throw new ConfigurationError('config_invalid', `not valid YAML: ${parsed.reason}`, {
      file: name,
      line: parsed.line,
    });
  }
  const members = parsed.value ?? {};
  if (!isMapping(members)) {
    throw new ConfigurationError('config_invalid', 'settings are written as "name: value", one a line', {
      file: name,
      line: 1,
    });
  }
  const known = Object.keys(definitions).map(yamlName);
  const unknown = Object.keys(members).find((member) => !known.includes(member));
  if (unknown !== undefined) {
    const place = { file: name, line: parsed.lineOf([unknown]) };
    throw new ConfigurationError('config_invalid', unknownWords('setting', unknown, known), place);
  }
  return { name, members, lineOf: parsed.lineOf };
}

function unknownWords(what: string, name: string, known: readonly string[]): string {
  return `unknown ${what} "${name}"${meant(name, known)}`;
}

function fileValue(definition: Setting<unknown>, file: SettingsFile, name: string, places: SettingsPlaces): unknown {
  const written = file.members[name];
  const parsed: ParsedSetting<unknown> =
    written === null
      ? { ok: false, problem: 'has no value; write one, or remove the line' }
      : definition.parseYaml(written, places);
  if (parsed.ok) return parsed.value;
  const path = [name, ...(parsed.path ?? [])];
  throw new ConfigurationError('config_invalid', `${formatPath(path)} ${parsed.problem}`, {
    file: file.name,
    line: file.lineOf(path),
  });
}

function parseFlag(definition: Setting<unknown>, flag: unknown, places: SettingsPlaces): ParsedSetting<unknown> {
  // commander gives a boolean for `--name` and `--no-name`, and text for everything else.
  return typeof flag === 'string' ? definition.parseText(flag, places) : definition.parseYaml(flag, places);
}

function accepted(parsed: ParsedSetting<unknown>, place: string): unknown {
  if (parsed.ok) return parsed.value;
  const member = formatPath(parsed.path ?? []);
  throw new ConfigurationError('config_invalid', `${place}: ${member === '' ? '' : `${member} `}${parsed.problem}`);
}

function defaultValue(definition: Setting<unknown>, key: string, places: SettingsPlaces): unknown {
  const written = definition.fallback();
  if (written === undefined) return undefined;
  const parsed = definition.parseYaml(written, places);
  if (!parsed.ok) throw new Error(`the default of ${key} ${parsed.problem}`);
  return parsed.value;
}

function unknownVariables(definitions: SettingDefinitions, env: SettingsPlaces['env'], envPrefix: string): string[] {
  const known = [`${envPrefix}CONFIG`, ...Object.keys(definitions).map((key) => environmentName(key, envPrefix))];
  return Object.keys(env)
    .filter((name) => name.startsWith(envPrefix) && !known.includes(name))
    .map((name) => `ignored: ${unknownWords('environment variable', name, known)}`);
}
