import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { parseDuration, parseMode, parseSize } from './quantities.ts';
import { schemaProblem } from './schema-problem.ts';
import type { ParsedSetting, Setting, SettingContext } from './setting.ts';

interface Described {
  /** One line for --help. */
  description: string;
  /** A value to show in --help when there is no default. */
  example?: string;
}
interface WithoutDefault extends Described {
  default?: undefined;
}
/** A default is written as in the settings file (`'25m'`, `'0660'`); a function is called only if it is needed. */
interface WithDefault<Written> extends Described {
  default: Written | (() => Written);
  /** What --help says in place of a default that has to be worked out. */
  defaultText?: string;
}
type Options<Written> = WithDefault<Written> | WithoutDefault;

type Parse<T> = (value: unknown, context: SettingContext) => ParsedSetting<T>;

function isFactory(written: unknown): written is () => unknown {
  return typeof written === 'function';
}

function setting<T>(placeholder: string, options: Options<unknown>, parse: Parse<T>): Setting<T> {
  const written = options.default;
  const text = typeof written === 'string' || written === undefined ? written : JSON.stringify(written);
  return {
    kind: 'value',
    placeholder,
    description: options.description,
    example: options.example,
    fallback: (): unknown => (isFactory(written) ? written() : written),
    fallbackText: 'defaultText' in options ? options.defaultText : isFactory(written) ? undefined : text,
    parseText: parse,
    parseYaml: parse,
  };
}

const wrong = (problem: string): { ok: false; problem: string } => ({ ok: false, problem });

function parseText(value: unknown): ParsedSetting<string> {
  if (typeof value !== 'string') return wrong('must be text; write it in quotes');
  return value === '' ? wrong('is empty') : { ok: true, value };
}

/** Any text but an empty one. */
export function textSetting(options: WithDefault<string>): Setting<string>;
export function textSetting(options: WithoutDefault): Setting<string | undefined>;
export function textSetting(options: Options<string>): Setting<string | undefined> {
  return setting('text', options, parseText);
}

/** A file or folder; a relative one is taken from the working folder. The value is absolute. */
export function pathSetting(options: WithDefault<string>): Setting<string>;
export function pathSetting(options: WithoutDefault): Setting<string | undefined>;
export function pathSetting(options: Options<string>): Setting<string | undefined> {
  return setting('path', options, (value, { cwd }) => {
    const text = parseText(value);
    if (!text.ok) return text;
    if (text.value.includes('\0')) return wrong('contains a NUL character');
    return { ok: true, value: resolve(cwd, text.value) };
  });
}

/** `500ms`, `5s`, `25m`, `1h`, `7d`. The value is milliseconds. */
export function durationSetting(options: WithDefault<string>): Setting<number>;
export function durationSetting(options: WithoutDefault): Setting<number | undefined>;
export function durationSetting(options: Options<string>): Setting<number | undefined> {
  return setting('duration', options, parseDuration);
}

/** `8192`, `8k`, `10m`. The value is bytes. */
export function sizeSetting(options: WithDefault<string | number>): Setting<number>;
export function sizeSetting(options: WithoutDefault): Setting<number | undefined>;
export function sizeSetting(options: Options<string | number>): Setting<number | undefined> {
  return setting('size', options, parseSize);
}

/** A permission mode as `"0660"`. The value is the number, 0o660. */
export function modeSetting(options: WithDefault<string>): Setting<number>;
export function modeSetting(options: WithoutDefault): Setting<number | undefined>;
export function modeSetting(options: Options<string>): Setting<number | undefined> {
  return setting('mode', options, parseMode);
}

interface Bounds {
  min: number;
  max: number;
}

/** A whole number from `min` to `max`, both included. */
export function integerSetting(options: Bounds & WithDefault<number>): Setting<number>;
export function integerSetting(options: Bounds & WithoutDefault): Setting<number | undefined>;
export function integerSetting(options: Bounds & Options<number>): Setting<number | undefined> {
  const { min, max } = options;
  return setting('number', options, (value) => {
    const number = typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
    return typeof number === 'number' && Number.isSafeInteger(number) && number >= min && number <= max
      ? { ok: true, value: number }
      : wrong(`must be a whole number from ${min} to ${max}`);
  });
}

/** `true` or `false`. As a flag also alone (true) and as `--no-NAME` (false). */
export function booleanSetting(options: WithDefault<boolean>): Setting<boolean>;
export function booleanSetting(options: WithoutDefault): Setting<boolean | undefined>;
export function booleanSetting(options: Options<boolean>): Setting<boolean | undefined> {
  const parse: Parse<boolean> = (value) => {
    if (value === true || value === 'true') return { ok: true, value: true };
    if (value === false || value === 'false') return { ok: true, value: false };
    return wrong('must be true or false');
  };
  return { ...setting('true|false', options, parse), kind: 'boolean' };
}

/** One of a few words. */
export function choiceSetting<const C extends string>(
  options: { choices: readonly C[] } & WithDefault<NoInfer<C>>,
): Setting<C>;
export function choiceSetting<const C extends string>(
  options: { choices: readonly C[] } & WithoutDefault,
): Setting<C | undefined>;
export function choiceSetting<const C extends string>(
  options: { choices: readonly C[] } & Options<NoInfer<C>>,
): Setting<C | undefined> {
  const { choices } = options;
  return setting(choices.join('|'), options, (value) => {
    const choice = choices.find((known) => known === value);
    return choice === undefined ? wrong(`must be one of ${choices.join(', ')}`) : { ok: true, value: choice };
  });
}

/** A list or mapping, checked by a `zod/mini` schema. In a flag or environment variable it is written as JSON. */
export function structureSetting<S extends z.core.$ZodType>(
  options: { schema: S } & WithDefault<z.input<S>>,
): Setting<z.output<S>>;
export function structureSetting<S extends z.core.$ZodType>(
  options: { schema: S } & WithoutDefault,
): Setting<z.output<S> | undefined>;
export function structureSetting<S extends z.core.$ZodType>(
  options: { schema: S } & Options<z.input<S>>,
): Setting<z.output<S> | undefined> {
  const parse: Parse<z.output<S>> = (value) => {
    const result = z.safeParse(options.schema, value);
    if (result.success) return { ok: true, value: result.data };
    return { ok: false, ...schemaProblem(options.schema, result.error.issues, value) };
  };
  return {
    ...setting('json', options, parse),
    parseText: (text, context): ParsedSetting<z.output<S>> => {
      const json = parseJson(text);
      return json.ok ? parse(json.value, context) : json;
    },
  };
}

function parseJson(text: string): ParsedSetting<unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, value };
  } catch {
    return wrong('is not JSON; a list is written as \'[{"name": "bot"}]\'');
  }
}
