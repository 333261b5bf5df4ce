import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod/mini';
import {
  addSettingOptions,
  booleanSetting,
  choiceSetting,
  ConfigurationError,
  durationSetting,
  integerSetting,
  loadSettings,
  modeSetting,
  pathSetting,
  sizeSetting,
  structureSetting,
  textSetting,
  type SettingsPlaces,
} from '../src/index.ts';

const definitions = {
  tokenFile: pathSetting({ default: 'configs/tokens.json', description: 'where tokens are kept' }),
  refreshInterval: durationSetting({ default: '25m', description: 'how often to refresh' }),
  maxTokenSize: sizeSetting({ default: 8192, description: 'largest message' }),
  tcpPort: integerSetting({ default: 9999, min: 0, max: 65_535, description: 'port' }),
  preferUnixSocket: booleanSetting({ default: true, description: 'Unix first' }),
  socketMode: modeSetting({ default: '0660', description: 'mode' }),
  socketGroup: textSetting({ description: 'group', example: 'traders' }),
  logLevel: choiceSetting({ choices: ['debug', 'info'], default: 'info', description: 'level' }),
  targets: structureSetting({
    schema: z
      .array(
        z.strictObject({
          name: z.string(),
          unix: z.optional(z.string()),
          tls: z.optional(z.strictObject({ cert: z.string(), ca: z.string() })),
        }),
      )
      .check(z.maxLength(9)),
    default: [],
    description: 'targets',
  }),
  worked: textSetting({
    default: () => 'worked out',
    defaultText: 'see the manual',
    description: 'a default at run time',
  }),
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-'));
});
afterEach(() => rm(folder, { recursive: true }));

const places = (over: Partial<SettingsPlaces> = {}): SettingsPlaces => ({
  flags: {},
  env: {},
  envPrefix: 'APP_',
  defaultConfigFiles: [],
  cwd: '/somewhere',
  ...over,
});

async function file(text: string, name = 'app.yaml'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function failure(over: Partial<SettingsPlaces>): Promise<ConfigurationError> {
  const error: unknown = await loadSettings(definitions, places(over)).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigurationError)) throw new Error(`not a ConfigurationError: ${String(error)}`);
  return error;
}

describe('where a value comes from', () => {
  test('without anything, every setting has its default, in units of the code', async () => {
    const { values, sources, configFile } = await loadSettings(definitions, places());
    expect(values).toEqual({
      tokenFile: '/somewhere/configs/tokens.json',
      refreshInterval: 1_500_000,
      maxTokenSize: 8192,
      tcpPort: 9999,
      preferUnixSocket: true,
      socketMode: 0o660,
      socketGroup: undefined,
      logLevel: 'info',
      targets: [],
      worked: 'worked out',
    });
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
    expect(configFile).toBeUndefined();
    expectTypeOf(values.socketGroup).toEqualTypeOf<string | undefined>();
    expectTypeOf(values.refreshInterval).toEqualTypeOf<number>();
    expectTypeOf(values.logLevel).toEqualTypeOf<'debug' | 'info'>();
  });

  test('a flag beats the environment, which beats the file, which beats the default', async () => {
    const configFile = await file('tcp_port: 1\nrefresh_interval: 1m\ntoken_file: /from/file\n');
    const { values, sources } = await loadSettings(
      definitions,
      places({ configFile, env: { APP_TCP_PORT: '2', APP_REFRESH_INTERVAL: '2m' }, flags: { tcpPort: '3' } }),
    );
    expect(values).toMatchObject({ tcpPort: 3, refreshInterval: 120_000, tokenFile: '/from/file', logLevel: 'info' });
    expect(sources).toMatchObject({
      tcpPort: 'flag',
      refreshInterval: 'environment',
      tokenFile: 'file',
      logLevel: 'default',
    });
  });

  test('a variable that is set but empty counts as not set', async () => {
    expect((await loadSettings(definitions, places({ env: { APP_TCP_PORT: '' } }))).values.tcpPort).toBe(9999);
  });

  test('the file is the one given, else --config, else PREFIX_CONFIG, else the first default that exists', async () => {
    const [a, b, c, d] = [await file('', 'a'), await file('', 'b'), await file('', 'c'), await file('', 'd')];
    const defaultConfigFiles = [join(folder, 'none'), d];
    const env = { APP_CONFIG: c };
    const load = async (over: Partial<SettingsPlaces>): Promise<string | undefined> =>
      (await loadSettings(definitions, places({ defaultConfigFiles, ...over }))).configFile;
    expect(await load({ configFile: a, flags: { config: b }, env })).toBe(a);
    expect(await load({ flags: { config: b }, env })).toBe(b);
    expect(await load({ env })).toBe(c);
    expect(await load({})).toBe(d);
    expect((await loadSettings(definitions, places({ env }))).warnings).toEqual([]);
  });

  test('an empty settings file means all defaults', async () => {
    const { values } = await loadSettings(definitions, places({ configFile: await file('# nothing yet\n') }));
    expect(values.tcpPort).toBe(9999);
  });

  test('a list is YAML in the file and JSON in a flag or a variable', async () => {
    const targets = [{ name: 'bot', unix: '/tmp/b.sock' }];
    const configFile = await file('targets:\n  - name: bot\n    unix: /tmp/b.sock\n');
    expect((await loadSettings(definitions, places({ configFile }))).values.targets).toEqual(targets);
    const flags = { targets: JSON.stringify(targets) };
    expect((await loadSettings(definitions, places({ flags }))).values.targets).toEqual(targets);
  });

  test('an unknown variable with the prefix is a warning that names the nearest', async () => {
    const { warnings } = await loadSettings(definitions, places({ env: { APP_TOKN_FILE: 'x', OTHER_THING: 'y' } }));
    expect(warnings).toEqual(['ignored: unknown environment variable "APP_TOKN_FILE"; did you mean "APP_TOKEN_FILE"?']);
  });
});

describe('what is wrong is said with its place', () => {
  test.each([
    ['a: 1\n\ntokn_file: x\n', 1, 'unknown setting "a"'],
    ['# c\n\ntokn_file: x\n', 3, 'unknown setting "tokn_file"; did you mean "token_file"?'],
    ['tokenFile: x\n', 1, 'did you mean "token_file"?'],
    ['tcp_port: 1\nrefresh_interval: 25\n', 2, 'refresh_interval "25" has no unit; write it as 25s, 25m or 25h'],
    ['socket_mode: 0660\n', 1, 'socket_mode is a number; write the mode in quotes, such as "0660"'],
    ['tcp_port: 70000\n', 1, 'tcp_port must be a whole number from 0 to 65535'],
    ['prefer_unix_socket: yes\n', 1, 'prefer_unix_socket must be true or false'],
    ['log_level: loud\n', 1, 'log_level must be one of debug, info'],
    ['token_file: 5\n', 1, 'token_file must be text'],
    ['token_file:\n', 1, 'token_file has no value'],
    ['token_file: [a]\n', 1, 'token_file must be text'],
    ['targets:\n  - name: a\n  - unix: 5\n', 3, 'targets[1].name is missing'],
    ['targets:\n  - name: a\n    unix: 5\n', 3, 'targets[0].unix must be text'],
    [
      'targets:\n  - name: a\n    unx: /a\n',
      3,
      'targets[0].unx is not a known setting; known here: name, unix, tls; did you mean "unix"?',
    ],
    [
      'targets:\n  - name: a\n    socket: /a\n',
      3,
      'targets[0].socket is not a known setting; known here: name, unix, tls',
    ],
    [
      'targets:\n  - name: a\n  - name: b\n    tls:\n      cert: /c\n      ca: /a\n      cret: /k\n',
      7,
      'targets[1].tls.cret is not a known setting; known here: cert, ca; did you mean "cert"?',
    ],
    ['targets:\n  - name: 0123\n', 2, 'targets[0].name must be text; put it in quotes'],
    ['targets:\n  - name: true\n', 2, 'targets[0].name must be text; put it in quotes'],
    ['targets:\n  - name: [a]\n', 2, 'targets[0].name must be text'],
    ['targets: {}\n', 1, 'targets must be a list'],
    ['tcp_port: 1\ntcp_port: 2\n', 2, 'this name is given twice'],
    ['tcp_port: [1,\n', 2, 'not valid YAML'],
    ['- a\n- b\n', 1, 'settings are written as "name: value"'],
    ['just text', 1, 'settings are written as "name: value"'],
    ['__proto__: 1\n', 1, 'unknown setting "__proto__"'],
    ['constructor: 1\n', 1, 'unknown setting "constructor"'],
  ])('%j: line %i, %s', async (text, line, words) => {
    const configFile = await file(text);
    const error = await failure({ configFile });
    expect(error).toMatchObject({ code: 'config_invalid', file: configFile, line, exitCode: 78 });
    expect(error.message.startsWith(`${configFile}:${line}: `)).toBe(true);
    expect(error.message).toContain(words);
  });

  test('a flag and a variable are named as the user wrote them', async () => {
    expect((await failure({ flags: { tcpPort: 'x' } })).message).toBe(
      '--tcp-port: must be a whole number from 0 to 65535',
    );
    expect((await failure({ env: { APP_REFRESH_INTERVAL: '5' } })).message).toContain(
      'APP_REFRESH_INTERVAL: "5" has no unit',
    );
    expect((await failure({ flags: { targets: '[{"name":5}]' } })).message).toBe(
      '--targets: [0].name must be text; put it in quotes',
    );
    expect((await failure({ flags: { targets: '[{' } })).message).toContain('--targets: is not JSON');
  });

  test('a missing, unreadable, oversize and binary file each have their words', async () => {
    const missing = join(folder, 'none.yaml');
    expect(await failure({ configFile: missing })).toMatchObject({
      code: 'config_missing',
      message: `${missing}: there is no such file`,
    });
    const sub = join(folder, 'sub');
    await mkdir(sub);
    expect(await failure({ configFile: sub })).toMatchObject({
      code: 'config_unreadable',
      message: `${sub}: this is a folder, not a file`,
    });
    const large = await file('# '.padEnd(1024 ** 2 + 1, 'x'));
    expect(await failure({ configFile: large })).toMatchObject({ code: 'config_unreadable' });
    const binary = join(folder, 'binary');
    await writeFile(binary, Buffer.from([0xff, 0xfe, 0x00]));
    expect(await failure({ configFile: binary })).toMatchObject({
      code: 'config_invalid',
      message: `${binary}: the file is not UTF-8 text`,
    });
  });

  test('a file without permission says so', async () => {
    const configFile = await file('');
    await chmod(configFile, 0);
    // Root may read everything; as `nobody` it may not.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await failure({ configFile })).toMatchObject({
        code: 'config_unreadable',
        message: `${configFile}: permission denied; give this user the right to read it`,
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});

describe('flags', () => {
  const parse = (...args: string[]): Record<string, unknown> => {
    const command = addSettingOptions(new Command('app'), definitions, { envPrefix: 'APP_' }).exitOverride();
    command.configureOutput({ writeErr: () => undefined });
    command.parse(args, { from: 'user' });
    return command.opts();
  };

  test('every setting has one, with the words of --help: description, default, variable', () => {
    const command = addSettingOptions(new Command('app'), definitions, { envPrefix: 'APP_' }).configureHelp({
      helpWidth: 200,
    });
    const help = command.helpInformation();
    expect(help).toMatch(/--config <path> +settings file \(env: APP_CONFIG\)/);
    expect(help).toMatch(
      /--token-file <path> +where tokens are kept \(default: configs\/tokens.json, env: APP_TOKEN_FILE\)/,
    );
    expect(help).toMatch(/--socket-group <text> +group \(for example traders, env: APP_SOCKET_GROUP\)/);
    expect(help).toMatch(/--worked <text> +a default at run time \(default: see the manual, env: APP_WORKED\)/);
    expect(help).toContain('--prefer-unix-socket [true|false]');
  });

  test.each([
    [[], true],
    [['--prefer-unix-socket'], true],
    [['--prefer-unix-socket', 'false'], false],
    [['--prefer-unix-socket', 'true'], true],
    [['--no-prefer-unix-socket'], false],
  ])('a boolean works in every form: %j', async (args, expected) => {
    const { values, sources } = await loadSettings(definitions, places({ flags: parse(...args) }));
    expect(values.preferUnixSocket).toBe(expected);
    expect(sources.preferUnixSocket).toBe(args.length === 0 ? 'default' : 'flag');
  });

  test('what commander parsed is what is loaded', async () => {
    const flags = parse('--token-file', 'x.json', '--tcp-port=0', '--refresh-interval', '90s');
    const { values } = await loadSettings(definitions, places({ flags }));
    expect(values).toMatchObject({ tokenFile: '/somewhere/x.json', tcpPort: 0, refreshInterval: 90_000 });
  });
});

test('only the command that the command line names gets flags, for each costs memory', () => {
  const flagsOf = (argv: readonly string[]) =>
    addSettingOptions(new Command('run'), definitions, { envPrefix: 'APP_', argv }).options.length;
  expect(flagsOf(['node', 'app', 'status'])).toBe(0);
  expect(flagsOf(['node', 'app', 'run', '--token-file', 'x'])).toBeGreaterThan(0);
  expect(flagsOf(['node', 'app', 'help', 'run'])).toBeGreaterThan(0);
});
