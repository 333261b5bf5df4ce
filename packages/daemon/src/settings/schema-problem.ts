import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;

/** What `zod/mini` says when a schema gives no words of its own: it ships without a language. */
const NO_WORDS = 'Invalid input';

/**
 * The first of a schema's complaints, in words that name the expectation and never the value (a value may be a secret).
 * `unknownKey` is the member that a strict schema does not know.
 */
export function schemaProblem(
  issues: readonly Issue[],
  root: unknown,
): {
  problem: string;
  path: readonly (string | number)[];
  unknownKey?: string;
} {
  const issue = issues[0];
  if (issue === undefined) return { problem: 'is not valid', path: [] };
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys' && issue.keys[0] !== undefined) {
    return { problem: 'is not a known setting', path: [...path, issue.keys[0]], unknownKey: issue.keys[0] };
  }
  return { problem: memberAt(root, path) === undefined ? 'is missing' : words(issue), path };
}

function memberAt(root: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, step) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.getOwnPropertyDescriptor(value, step)?.value;
  }, root);
}

function words(issue: Issue): string {
  if (issue.message !== NO_WORDS && issue.message !== '') return issue.message;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindName(issue.expected)}`;
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
export function formatPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}
