/** Flags and environment variables: a line each, `--name=value` or `NAME=value`. */
import { addSettingOptions, Command, ConfigurationError } from '@token-relay/daemon';
import fc from 'fast-check';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as receiver from '../../../apps/receiver/src/settings.ts';
import * as sender from '../../../apps/sender/src/settings.ts';
import { environmentName, flagName, type SettingDefinitions } from '../../../packages/daemon/src/settings/setting.ts';
import { asBytes, jsonText, tokenText } from '../arbitraries.ts';
import { SECRET } from '../secrets.ts';
import type { FuzzTarget } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { demandNumbers, loaded } from './settings-target.ts';

const PROGRAMS = [
  { definitions: sender.senderDefinitions, envPrefix: sender.ENV_PREFIX, load: sender.loadSenderSettings },
  { definitions: receiver.receiverDefinitions, envPrefix: receiver.ENV_PREFIX, load: receiver.loadReceiverSettings },
] as const;

const NAMES = PROGRAMS.flatMap(({ definitions, envPrefix }) =>
  Object.keys(definitions).flatMap((key) => [`${flagName(key)}=`, `${environmentName(key, envPrefix)}=`]),
);
const value = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    '0',
    '-1',
    '65536',
    '25m',
    '25',
    '1e3s',
    '99999999999d',
    '8k',
    '8kb',
    '0660',
    '0o660',
    '660',
    'true',
    'false',
    'info',
    'json',
    'none',
    '/tmp/x',
    'x\0y',
    '127.0.0.1:1',
    '[::1]:1',
    'https://x/',
    'http://127.0.0.1/',
    '(a+)+$',
    '(',
    '[]',
    '{}',
    '[{"name":"a","unix":"/x"}]',
    '[{"name":"a","tcp":"evil.example:1"}]',
    '{"token":["x"]}',
    '[{"path":"x","format":"json"}]',
  ),
  jsonText(fc.jsonValue({ maxDepth: 3 })),
  tokenText,
);
const line = fc
  .tuple(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...NAMES) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('--', '--no-', 'TOKEN_SENDER_', 'RUNTIME_DIRECTORY=', '--tokenfile=', '-x', ''),
      },
    ),
    value,
  )
  .map((parts) => parts.join(''));

export const commandLine: FuzzTarget = {
  name: 'command-line',
  feeds: 'flags and environment variables of both daemons',
  inputs: asBytes(fc.array(line, { maxLength: 6 }).map((lines) => lines.join('\n'))),
  dictionary: [...NAMES, '\n', '25m', 'true', '[', '{"', SECRET, '\0'],
  runs: { long: 20_000, short: 400 },
  maxBytes: 10_000,
  isGuided: true,
  open: () => {
    const folder = temporaryFolder();
    const runtime = join(folder.path, 'run');
    mkdirSync(runtime, { mode: 0o700 });
    return {
      async check(input) {
        const lines = Buffer.from(input).toString('utf8').split('\n');
        for (const { definitions, envPrefix, load } of PROGRAMS) {
          const flags = parseFlags(
            definitions,
            envPrefix,
            lines.filter((one) => one.startsWith('-')),
          );
          if (flags === undefined) continue;
          const result = await loaded<object>(() =>
            load({
              env: { ...environmentOf(lines), XDG_RUNTIME_DIR: runtime, RUNTIME_DIRECTORY: runtime },
              cwd: folder.path,
              uid: process.getuid?.() ?? 0,
              flags,
              exists: () => false,
            }),
          );
          if (!(result instanceof ConfigurationError)) demandNumbers(result);
        }
      },
      close: folder.remove,
    };
  },
};

function environmentOf(lines: readonly string[]): Record<string, string> {
  const pairs = lines
    .filter((one) => /^[A-Z_]+=/.test(one) && !one.includes('\0'))
    .map((one) => one.split(/=([^]*)/, 2));
  return Object.fromEntries(pairs.map(([name = '', text = '']) => [name, text]));
}

/** Undefined for what commander itself refuses, with the exit code of a wrong usage. */
function parseFlags(
  definitions: SettingDefinitions,
  envPrefix: string,
  argv: readonly string[],
): Record<string, unknown> | undefined {
  const command = addSettingOptions(
    new Command('run').exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined }),
    definitions,
    { envPrefix },
  );
  try {
    return command.parse([...argv], { from: 'user' }).opts();
  } catch (error) {
    const isUsage = error instanceof Error && 'code' in error && String(error.code).startsWith('commander.');
    if (!isUsage) throw error;
    return undefined;
  }
}
