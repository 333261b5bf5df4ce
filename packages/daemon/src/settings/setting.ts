/** The result of reading one setting's value. `path` leads from the setting to the member that is wrong. */
export type ParsedSetting<T> =
  { ok: true; value: T } | { ok: false; problem: string; path?: readonly (string | number)[] };

/** What a value may need to know of its surroundings. */
export interface SettingContext {
  /** Relative paths are taken from here. */
  cwd: string;
}

/**
 * One setting. Its name is the key under which it is declared, in camelCase: `tokenFile` is `--token-file`,
 * `PREFIX_TOKEN_FILE` and `token_file:`.
 */
export interface Setting<T> {
  readonly kind: 'value' | 'boolean';
  readonly description: string;
  /** What --help shows in place of the value: `path` in `--token-file <path>`. */
  readonly placeholder: string;
  readonly example: string | undefined;
  /** The default as it would be written in the settings file; undefined: none. */
  readonly fallback: () => unknown;
  /** What --help says about the default. */
  readonly fallbackText: string | undefined;
  /** A value from a flag or an environment variable. */
  parseText(text: string, context: SettingContext): ParsedSetting<T>;
  /** A value from the settings file. */
  parseYaml(value: unknown, context: SettingContext): ParsedSetting<T>;
}

export type SettingDefinitions = Readonly<Record<string, Setting<unknown>>>;

/** The values that go with some definitions. Durations are milliseconds, sizes are bytes, paths are absolute. */
export type SettingsOf<D extends SettingDefinitions> = {
  readonly [K in keyof D]: D[K] extends Setting<infer T> ? T : never;
};

/** `tokenFile` → `token_file`. */
export function yamlName(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `tokenFile` → `--token-file`. */
export function flagName(key: string): string {
  return `--${yamlName(key).replaceAll('_', '-')}`;
}

/** `tokenFile` with the prefix `TOKEN_SENDER_` → `TOKEN_SENDER_TOKEN_FILE`. */
export function environmentName(key: string, envPrefix: string): string {
  return envPrefix + yamlName(key).toUpperCase();
}
