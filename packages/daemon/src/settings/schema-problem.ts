import * as z from 'zod/mini';
import { meant } from './nearest.ts';

type Issue = z.core.$ZodIssue;

/** What `zod/mini` says when a schema gives no words of its own: it ships without a language. */
const NO_WORDS = 'Invalid input';

type Path = readonly (string | number)[];

/**
 * The first of a schema's complaints about `root`, in words that name the expectation and never the value (a value may be
 * a secret). `unknownKey` is the member that a strict schema does not know.
 */
export function schemaProblem(
  schema: z.core.$ZodType,
  issues: readonly Issue[],
  root: unknown,
): {
  problem: string;
  path: Path;
  unknownKey?: string;
} {
  const issue = issues[0];
  if (issue === undefined) return { problem: 'is not valid', path: [] };
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys' && issue.keys[0] !== undefined) {
    const [unknownKey] = issue.keys;
    const known = keysAt(schema, path);
    const those = known.length === 0 ? '' : `; known here: ${known.join(', ')}${meant(unknownKey, known)}`;
    const problem = `is not a known setting${those}`;
    return { problem, path: [...path, unknownKey], unknownKey };
  }
  const value = memberAt(root, path);
  return { problem: value === undefined ? 'is missing' : words(issue, value), path };
}

/**
 * The names that the object at `path` of what the schema describes may have; none if that cannot be told. A value from
 * `z.core` would bring all of it into the bundles, 380 kB.
 */
function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  if (schema instanceof z.ZodMiniOptional) return keysAt(schema._zod.def.innerType, path);
  const [step, ...rest] = path;
  if (schema instanceof z.ZodMiniArray && step !== undefined) return keysAt(schema._zod.def.element, rest);
  if (!(schema instanceof z.ZodMiniObject)) return [];
  const { shape } = schema._zod.def;
  if (step === undefined) return Object.keys(shape);
  const member = shape[step];
  return member === undefined ? [] : keysAt(member, rest);
}

function memberAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.getOwnPropertyDescriptor(value, step)?.value;
  }, root);
}

function words(issue: Issue, value: unknown): string {
  if (issue.message !== NO_WORDS && issue.message !== '') return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindName(issue.expected)}${issue.expected === 'string' ? quotesAdvice(value) : ''}`;
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`;
    case 'too_small':
      return `must be at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case 'invalid_union':
      return 'has none of the forms that are allowed here';
    case 'invalid_format':
    case 'not_multiple_of':
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return 'is not valid';
  }
}

/** YAML reads 0123 as a number and true as a boolean: what is not in quotes need not be the text that it looks like. */
function quotesAdvice(value: unknown): string {
  return typeof value === 'object' ? '' : '; put it in quotes';
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' entries long' : '';
}

function kindName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping of names to values',
    record: 'a mapping of names to values',
  };
  return names[expected] ?? expected;
}

/** `['targets', 0, 'unix']` → `targets[0].unix`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
