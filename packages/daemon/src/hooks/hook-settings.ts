/** `hooks:` in a settings file: what to run on which event. */
import * as z from 'zod/mini';
import { structureSetting } from '../settings/kinds.ts';
import { isMapping } from '../settings/mapping.ts';
import { meant } from '../settings/nearest.ts';
import { parseDuration } from '../settings/quantities.ts';
import type { ParsedSetting, Setting } from '../settings/setting.ts';

/** A program and its arguments, run as they are: no shell reads them. */
export interface Hook {
  readonly command: readonly [program: string, ...args: string[]];
  /** The longest that it may run. */
  readonly timeoutMs: number;
}

/** What to run on each event, by the event's name. */
export type Hooks<E extends string> = ReadonlyMap<E, readonly Hook[]>;

const DEFAULT_HOOK_TIMEOUT_MS: number = 10_000;
const SHORTEST_TIMEOUT_MS = 100;
const LONGEST_TIMEOUT_MS = 3_600_000;

const AN_ARRAY = 'write the program and its arguments as a list: ["mail", "-s", "Schwab login", "me@example.com"]';

/**
 * A mapping from an event to an argv array, to `{command: [...], timeout: 10s}`, or to a list of either. In a flag or
 * environment variable it is written as JSON. A complaint never shows what a command says: it may hold a secret.
 */
export function hooksSetting<const E extends string>(options: { events: readonly E[] }): Setting<Hooks<E>> {
  const { events } = options;
  const schema = z.pipe(
    z.unknown(),
    z.transform((value: unknown, context): Hooks<E> => {
      const parsed = parseHooks(value, events);
      if (parsed.ok) return parsed.value;
      context.issues.push({ code: 'custom', message: parsed.problem, path: [...(parsed.path ?? [])], input: value });
      return z.NEVER;
    }),
  );
  return structureSetting({
    schema,
    default: {},
    defaultText: 'none',
    description: `commands to run on an event (${events.join(', ')}): argv arrays, no shell`,
  });
}

function parseHooks<E extends string>(value: unknown, events: readonly E[]): ParsedSetting<Hooks<E>> {
  if (!isMapping(value))
    return { ok: false, problem: `must be a mapping from an event (${events.join(', ')}) to a list` };
  const hooks = new Map<E, readonly Hook[]>();
  for (const [name, written] of Object.entries(value)) {
    const event = events.find((known) => known === name);
    if (event === undefined) {
      const problem = `is not an event; the events are ${events.join(', ')}${meant(name, events)}`;
      return { ok: false, problem, path: [name] };
    }
    const parsed = parseEvent(written, name);
    if (!parsed.ok) return parsed;
    hooks.set(event, parsed.value);
  }
  return { ok: true, value: hooks };
}

function parseEvent(written: unknown, event: string): ParsedSetting<readonly Hook[]> {
  if (!Array.isArray(written) || !written.some((entry) => Array.isArray(entry) || isMapping(entry))) {
    const hook = parseHook(written, [event]);
    return hook.ok ? { ok: true, value: [hook.value] } : hook;
  }
  const hooks: Hook[] = [];
  for (const [index, entry] of written.entries()) {
    const hook = parseHook(entry, [event, index]);
    if (!hook.ok) return hook;
    hooks.push(hook.value);
  }
  return { ok: true, value: hooks };
}

type Path = readonly (string | number)[];

function parseHook(written: unknown, path: Path): ParsedSetting<Hook> {
  if (!isMapping(written)) {
    const command = parseCommand(written, path);
    return command.ok ? { ok: true, value: { command: command.value, timeoutMs: DEFAULT_HOOK_TIMEOUT_MS } } : command;
  }
  const unknown = Object.keys(written).find((name) => name !== 'command' && name !== 'timeout');
  if (unknown !== undefined) {
    const hint = meant(unknown, ['command', 'timeout']);
    const problem = `is not known here; a hook has "command" and "timeout"${hint}`;
    return { ok: false, problem, path: [...path, unknown] };
  }
  if (written['command'] === undefined) return { ok: false, problem: `has no "command"; ${AN_ARRAY}`, path };
  const command = parseCommand(written['command'], [...path, 'command']);
  if (!command.ok) return command;
  const timeout = parseTimeout(written['timeout'], [...path, 'timeout']);
  return timeout.ok ? { ok: true, value: { command: command.value, timeoutMs: timeout.value } } : timeout;
}

function parseTimeout(written: unknown, path: Path): ParsedSetting<number> {
  if (written === undefined) return { ok: true, value: DEFAULT_HOOK_TIMEOUT_MS };
  const parsed = parseDuration(written);
  if (!parsed.ok) return { ...parsed, path };
  return parsed.value >= SHORTEST_TIMEOUT_MS && parsed.value <= LONGEST_TIMEOUT_MS
    ? parsed
    : { ok: false, problem: 'must be from 100ms to 1h', path };
}

function parseCommand(written: unknown, path: Path): ParsedSetting<Hook['command']> {
  if (typeof written === 'string') return { ok: false, problem: `is text, and no shell reads it; ${AN_ARRAY}`, path };
  if (!Array.isArray(written)) return { ok: false, problem: `is not a command; ${AN_ARRAY}`, path };
  const words: string[] = [];
  for (const [index, word] of written.entries()) {
    if (typeof word !== 'string') {
      return { ok: false, problem: 'must be text; write it in quotes', path: [...path, index] };
    }
    if (word.includes('\0')) return { ok: false, problem: 'contains a NUL character', path: [...path, index] };
    words.push(word);
  }
  const [program, ...args] = words;
  if (program === undefined || program === '') return { ok: false, problem: `names no program; ${AN_ARRAY}`, path };
  if (program.startsWith('~')) {
    return {
      ok: false,
      problem: 'begins with "~", which only a shell knows; write the whole path',
      path: [...path, 0],
    };
  }
  return { ok: true, value: [program, ...args] };
}
