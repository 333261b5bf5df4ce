import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hooksSetting, loadSettings, type Hooks } from '../src/index.ts';

const definitions = { hooks: hooksSetting({ events: ['login_due', 'login_done'] }) };

interface Loaded {
  file: string;
  hooks: Promise<Hooks<'login_due' | 'login_done'>>;
}
function load(yaml: string, env: Record<string, string> = {}): Loaded {
  const folder = mkdtempSync(join(tmpdir(), 'hooks-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'app.yaml');
  writeFileSync(file, yaml);
  const places = { flags: {}, env, envPrefix: 'APP_', defaultConfigFiles: [file], cwd: '/' };
  return { file, hooks: loadSettings(definitions, places).then(({ values }) => values.hooks) };
}

const mail = { command: ['mail', '-s', 'Login', 'me@example.com'], timeoutMs: 10_000 };

test('nothing runs unless it is set', async () => {
  expect(await load('').hooks).toEqual(new Map());
});

test.each([
  ['an argv array', 'hooks:\n  login_due: [mail, -s, Login, me@example.com]', [mail]],
  ['an argv array over several lines', 'hooks:\n  login_due:\n  - mail\n  - -s\n  - Login\n  - me@example.com', [mail]],
  [
    'a list of argv arrays',
    'hooks:\n  login_due:\n  - [mail, -s, Login, me@example.com]\n  - [/bin/true]',
    [mail, { command: ['/bin/true'], timeoutMs: 10_000 }],
  ],
  [
    'a command with its deadline',
    'hooks:\n  login_due: {command: [mail, -s, Login, me@example.com], timeout: 1m}',
    [{ ...mail, timeoutMs: 60_000 }],
  ],
  [
    'a list of both forms',
    'hooks:\n  login_due:\n  - {command: [/bin/true], timeout: 500ms}\n  - [mail, -s, Login, me@example.com]',
    [{ command: ['/bin/true'], timeoutMs: 500 }, mail],
  ],
])('%s is understood', async (_form, yaml, hooks) => {
  expect(await load(yaml).hooks).toEqual(new Map([['login_due', hooks]]));
});

test('in an environment variable it is JSON', async () => {
  const env = { APP_HOOKS: '{"login_done": ["/bin/true"]}' };
  expect(await load('', env).hooks).toEqual(new Map([['login_done', [{ command: ['/bin/true'], timeoutMs: 10_000 }]]]));
});

const asAList = 'write the program and its arguments as a list: ["mail", "-s", "Schwab login", "me@example.com"]';

test.each([
  ['hooks:\n  login_due: curl secret', 2, `hooks.login_due is text, and no shell reads it; ${asAList}`],
  [
    'hooks:\n  login_due:\n    command: curl secret',
    3,
    `hooks.login_due.command is text, and no shell reads it; ${asAList}`,
  ],
  [
    'hooks:\n  login_due:\n  - [/bin/true]\n  - curl secret',
    4,
    `hooks.login_due[1] is text, and no shell reads it; ${asAList}`,
  ],
  [
    'hooks:\n  login_dew: [x]',
    2,
    'hooks.login_dew is not an event; the events are login_due, login_done; did you mean "login_due"?',
  ],
  ['hooks:\n  reboot: [x]', 2, 'hooks.reboot is not an event; the events are login_due, login_done'],
  ['hooks: [x]', 1, 'hooks must be a mapping from an event (login_due, login_done) to a list'],
  ['hooks:\n  login_due: []', 2, `hooks.login_due names no program; ${asAList}`],
  ['hooks:\n  login_due: [""]', 2, `hooks.login_due names no program; ${asAList}`],
  ['hooks:\n  login_due:', 2, `hooks.login_due is not a command; ${asAList}`],
  ['hooks:\n  login_due: [mail,\n    5]', 3, 'hooks.login_due[1] must be text; write it in quotes'],
  [
    'hooks:\n  login_due: [~/bin/x]',
    2,
    'hooks.login_due[0] begins with "~", which only a shell knows; write the whole path',
  ],
  ['hooks:\n  login_due: {timeout: 5s}', 2, `hooks.login_due has no "command"; ${asAList}`],
  [
    'hooks:\n  login_due: {comand: [x]}',
    2,
    'hooks.login_due.comand is not known here; a hook has "command" and "timeout"; did you mean "command"?',
  ],
  [
    'hooks:\n  login_due: {command: [x], timeout: 5}',
    2,
    'hooks.login_due.timeout "5" has no unit; write it as 5s, 5m or 5h',
  ],
  ['hooks:\n  login_due: {command: [x], timeout: 0s}', 2, 'hooks.login_due.timeout must be from 100ms to 1h'],
])('%j is an error with its line, and shows no command', async (yaml, line, problem) => {
  const { file, hooks } = load(yaml);
  await expect(hooks).rejects.toMatchObject({ code: 'config_invalid', message: `${file}:${line}: ${problem}` });
});
