import { expect, test } from 'vitest';
import { settingsFolder } from './settings-folder.ts';

const env = { HOME: '/home/ann' };
const folderWith = (files: readonly string[], named?: string, variables: Record<string, string> = env) =>
  settingsFolder({ env: variables, cwd: '/work', named, exists: (path) => files.includes(path) });

const working = { kind: 'own', path: 'configs', stateFolder: 'configs' };
const users = { kind: 'own', path: '/home/ann/.config/token-relay', stateFolder: '/home/ann/.config/token-relay' };
const service = { kind: 'service', path: '/etc/token-relay', stateFolder: '/var/lib/token-relay' };

test.each([
  ['no settings anywhere', [], working],
  ['an app in the working folder', ['/work/configs/schwab_app_config.yaml', '/etc/token-relay/sender.yaml'], working],
  ['settings in the working folder', ['/work/configs/receiver.yaml', '/etc/token-relay/receiver.yaml'], working],
  ['a folder for something else', ['/work/configs/nginx.conf', '/etc/token-relay/sender.yaml'], service],
  ["settings of the user's own", ['/home/ann/.config/token-relay/sender.yaml', '/etc/token-relay/sender.yaml'], users],
  ['only those of the services', ['/etc/token-relay/schwab_app_config.yaml'], service],
])('with %s', (_what, files, folder) => {
  expect(folderWith(files)).toEqual(folder);
});

test.each([
  ['/etc/token-relay/sender.yaml', service],
  ['../etc/token-relay/second.yaml', service],
  ['/etc/token-relay/more/sender.yaml', working],
  ['mine.yaml', working],
  ['configs/second.yaml', working],
  ['/home/ann/.config/token-relay/second.yaml', users],
])('a settings file that is named, %s, decides', (named, folder) => {
  expect(folderWith(['/work/configs/sender.yaml', '/etc/token-relay/sender.yaml'], named)).toEqual(folder);
});

test('$XDG_CONFIG_HOME comes before ~/.config, if it is absolute; without either, nothing is of the user', () => {
  const own = ['/elsewhere/token-relay/sender.yaml', 'relative/token-relay/sender.yaml', users.path + '/sender.yaml'];
  const path = (variables: Record<string, string>) => folderWith(own, undefined, variables).path;
  expect(path({ ...env, XDG_CONFIG_HOME: '/elsewhere' })).toBe('/elsewhere/token-relay');
  expect(path({ ...env, XDG_CONFIG_HOME: 'relative' })).toBe(users.path);
  expect(path({ ...env, XDG_CONFIG_HOME: '' })).toBe(users.path);
  expect(path({})).toBe('configs');
  expect(path({ HOME: '' })).toBe('configs');
});

test("where the services are not meant, it is the user's own, and where that does not matter it is not asked", () => {
  const ask = (files: readonly string[], isServiceMeant: () => boolean, variables: Record<string, string> = env) =>
    settingsFolder({ env: variables, cwd: '/work', exists: (path) => files.includes(path), isServiceMeant });
  expect(ask(['/etc/token-relay/sender.yaml'], () => true)).toEqual(service);
  expect(ask(['/etc/token-relay/sender.yaml'], () => false)).toEqual(users);
  expect(ask(['/etc/token-relay/sender.yaml'], () => false, {})).toEqual(working);
  const unasked = (): never => expect.unreachable();
  expect(ask([], unasked)).toEqual(working);
  expect(ask(['/home/ann/.config/token-relay/sender.yaml'], unasked)).toEqual(users);
});
