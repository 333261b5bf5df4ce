/** `sinks:` in receiver.yaml: files that always hold the newest token. */
import { accountNumber, modeSetting, pathSetting, type Setting, structureSetting } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { SINK_FORMATS, type SinkFormat } from './sink-text.ts';

export interface SinkConfig {
  /** absolute */
  readonly path: string;
  readonly format: SinkFormat;
  readonly mode: number;
  /** default: the user of the process; only root may name another */
  readonly uid?: number;
  /** default: the group of the process */
  readonly gid?: number;
}

type SinksSetting = Setting<readonly SinkConfig[]>;
type Parsed<T> = ReturnType<Setting<T>['parseYaml']>;
type Context = Parameters<SinksSetting['parseYaml']>[1];

/** A name, or a number with or without quotes. */
const account = z.union([z.string(), z.int()], 'must be a name or a number');

const sinksSchema = z
  .array(
    z.strictObject({
      path: z.string(),
      format: z.enum(SINK_FORMATS),
      /** in quotes, as every mode: `"0640"`; default `"0600"` */
      mode: z.optional(z.unknown()),
      owner: z.optional(account),
      group: z.optional(account),
    }),
  )
  .check(z.maxLength(100));
type WrittenSink = z.infer<typeof sinksSchema>[number];

// These are read, and complained about, as settings of their own would be.
const path = pathSetting({ description: 'the file' });
const mode = modeSetting({ default: '0600', description: 'its permissions' });

/** Where names are looked up. */
export interface AccountFiles {
  readonly users: string;
  readonly groups: string;
}

/**
 * A list of `{path, format, mode?, owner?, group?}`. In a flag or environment variable it is written as JSON. Relative
 * paths are taken from the working folder.
 */
export function sinksSetting(files: AccountFiles = { users: '/etc/passwd', groups: '/etc/group' }): SinksSetting {
  const written = structureSetting({
    schema: sinksSchema,
    default: [],
    defaultText: 'none',
    description: `files to keep up to date with the token: a list of {path, format (${SINK_FORMATS.join(', ')}), mode, owner, group}`,
  });
  const read = (sinks: Parsed<readonly WrittenSink[]>, context: Context): Parsed<readonly SinkConfig[]> =>
    sinks.ok ? sinkConfigs(sinks.value, context, files) : sinks;
  return {
    ...written,
    parseYaml: (value, context) => read(written.parseYaml(value, context), context),
    parseText: (text, context) => read(written.parseText(text, context), context),
  };
}

function sinkConfigs(
  written: readonly WrittenSink[],
  context: Context,
  files: AccountFiles,
): Parsed<readonly SinkConfig[]> {
  const sinks: SinkConfig[] = [];
  for (const [index, entry] of written.entries()) {
    const sink = sinkConfig(entry, context, files);
    if (!sink.ok) return { ...sink, path: [index, ...(sink.path ?? [])] };
    const same = sinks.findIndex((other) => other.path === sink.value.path);
    if (same !== -1) return { ok: false, problem: `is the file of sinks[${same}] too`, path: [index, 'path'] };
    sinks.push(sink.value);
  }
  return { ok: true, value: sinks };
}

function sinkConfig(written: WrittenSink, context: Context, files: AccountFiles): Parsed<SinkConfig> {
  const file = parsePath(written.path, context);
  if (!file.ok) return { ...file, path: ['path'] };
  const bits = mode.parseYaml(written.mode ?? '0600', context);
  if (!bits.ok) return { ...bits, path: ['mode'] };
  const owner = parseAccount(written.owner, 'user', files.users);
  if (!owner.ok) return { ...owner, path: ['owner'] };
  const group = parseAccount(written.group, 'group', files.groups);
  if (!group.ok) return { ...group, path: ['group'] };
  return {
    ok: true,
    value: {
      path: file.value,
      format: written.format,
      mode: bits.value,
      ...(owner.value === undefined ? {} : { uid: owner.value }),
      ...(group.value === undefined ? {} : { gid: group.value }),
    },
  };
}

function parsePath(written: string, context: Context): Parsed<string> {
  if (written.startsWith('~')) {
    return { ok: false, problem: 'begins with "~", which only a shell knows; write the whole path' };
  }
  const parsed = path.parseYaml(written, context);
  if (!parsed.ok) return parsed;
  return parsed.value === undefined ? { ok: false, problem: 'is empty' } : { ok: true, value: parsed.value };
}

function parseAccount(
  written: string | number | undefined,
  kind: 'user' | 'group',
  file: string,
): Parsed<number | undefined> {
  if (written === undefined) return { ok: true, value: undefined };
  const id = accountNumber(String(written), file);
  if (id !== undefined) return { ok: true, value: id };
  const problem = `names no ${kind} in ${file}: there is no "${written}"; make it, or give the number of one that exists`;
  return { ok: false, problem };
}
