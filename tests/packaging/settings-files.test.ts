/** The settings files of the package: each setting is in them, as it is read, with the default that it has. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAppConfig } from '../../apps/sender/src/app-config.ts';
import { loadReceiverSettings } from '../../apps/receiver/src/settings.ts';
import { loadSenderSettings } from '../../apps/sender/src/settings.ts';
import { parseYaml } from '../../packages/daemon/src/settings/yaml-text.ts';
import { programs } from '../../scripts/package-commands.ts';
import { CHECKOUT, Folder } from './package.ts';

const read = (name: string) => readFileSync(join(CHECKOUT, 'packaging/etc', name), 'utf8');

/** With the settings that are commented out. Prose begins with a capital letter or has no colon after its first word. */
const withAll = (name: string) => read(name).replace(/^# (?=\s*(?:- )?(?:\{ )?[a-z_]+:)/gm, '');

const surroundings = { cwd: '/', uid: 0, env: { RUNTIME_DIRECTORY: '/run/x' } };

test.each([
  ['sender.yaml', loadSenderSettings, 'token-refresh-sender'],
  ['receiver.yaml', loadReceiverSettings, 'token-receiver'],
] as const)('%s is read as it is, and with everything that is commented out', async (name, load, program) => {
  using folder = new Folder();
  for (const text of [read(name), withAll(name)]) {
    const config = join(folder.path, name);
    writeFileSync(config, text);
    expect((await load({ ...surroundings, flags: { config } })).warnings).toEqual([]);
  }
  const parsed = await parseYaml(withAll(name));
  const members = parsed.ok ? (parsed.value as Readonly<Record<string, unknown>>) : {};
  const settings = programs().find((each) => each.name === program)?.settings ?? [];
  expect(Object.keys(members).sort()).toEqual(settings.map(({ key }) => key).sort());
  for (const { key, value, defaultValue } of settings) {
    // Where files are is another matter for a service.
    if (defaultValue !== undefined && !['path', 'json'].includes(value) && key !== 'log_file')
      expect(String(members[key]), key).toBe(defaultValue);
  }
});

test('the app’s file is refused as long as it is the example', async () => {
  using folder = new Folder();
  const file = join(folder.path, 'schwab_app_config.yaml');
  writeFileSync(file, read('schwab_app_config.yaml'), { mode: 0o600 });
  await expect(readAppConfig(file, undefined)).rejects.toThrow('"app_key" is still the example\'s');
});
