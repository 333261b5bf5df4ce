import { ConfigurationError } from '@token-relay/daemon';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAppConfig } from '../src/app-config.ts';
import { temporaryFolder } from './temporary-folder.ts';

const KEY = 'made-up-app-key-0123456789abcdef';
const SECRET = 'made-up-secret-0';

function fileWith(text: string, mode = 0o600): string {
  const file = join(temporaryFolder(), 'app.yaml');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

function credentialsWith(files: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function problem(file: string, credentials?: string): Promise<ConfigurationError> {
  const error: unknown = await readAppConfig(file, credentials).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigurationError)) throw new Error('it was not refused');
  expect(error.message).not.toContain(SECRET);
  return error;
}

const complete = `app_name: my-app\napp_key: ${KEY}\napp_secret: ${SECRET}\ncallback_url: https://127.0.0.1:8182\n`;

test('key, secret and callback are read', async () => {
  expect(await readAppConfig(fileWith(complete), undefined)).toEqual({
    appKey: KEY,
    appSecret: SECRET,
    callbackUrl: 'https://127.0.0.1:8182',
  });
});

test.each([
  ['YOUR-APP-KEY', SECRET, 'app_key'],
  ['YOUR_APP_KEY', SECRET, 'app_key'],
  [KEY, 'YOUR-APP-SECRET', 'app_secret'],
  [KEY, 'put-your-secret-here', 'app_secret'],
])("the example's own values are not taken for credentials: %s, %s", async (key, secret, name) => {
  const error = await problem(fileWith(`app_key: ${key}\napp_secret: ${secret}\n`));
  expect(error.message).toContain(`"${name}" is still the example's`);
});

test('a file that others can read is refused, with what to do', async () => {
  for (const mode of [0o640, 0o604, 0o644]) {
    const file = fileWith(complete, mode);
    const error = await problem(file);
    expect(error.code).toBe('config_too_open');
    expect(error.message).toContain(`chmod 600 ${file}`);
  }
});

test.each([
  ['missing', /there is no such file/],
  ['empty', /empty/],
  ['no key', /app_key/],
  ['no secret', /there is no "app_secret"/],
  ['wrong type', /app_secret/],
  ['not YAML', /not valid YAML/],
  ['unknown name', /app\.yaml:2: unknown name/],
])('%s: refused in words that name the file', async (name, words) => {
  const texts: Record<string, string> = {
    empty: '',
    'no key': `app_secret: ${SECRET}\n`,
    'no secret': `app_key: ${KEY}\n`,
    'wrong type': `app_key: ${KEY}\napp_secret: [${SECRET}]\n`,
    'not YAML': `app_key: "${SECRET}\n`,
    'unknown name': `app_key: ${KEY}\napp_sekret: ${SECRET}\n`,
  };
  const text = texts[name];
  const file = text === undefined ? join(temporaryFolder(), 'absent.yaml') : fileWith(text);
  const error = await problem(file);
  expect(error.message).toMatch(words);
  expect(error.message).toContain(file);
});

test("the secret in systemd's credentials folder takes the place of the file's, with or without one there", async () => {
  const credentials = credentialsWith({ app_secret: `${SECRET}\n` });
  for (const text of [`app_key: ${KEY}\n`, `app_key: ${KEY}\napp_secret: another-secret\n`]) {
    expect(await readAppConfig(fileWith(text), credentials)).toEqual({ appKey: KEY, appSecret: SECRET });
  }
  expect(await readAppConfig(fileWith(complete), credentialsWith({}))).toMatchObject({ appSecret: SECRET });
});

test('a credential that is empty or cannot be read is an error that names it, not a missing secret', async () => {
  const empty = credentialsWith({ app_secret: '\n' });
  expect((await problem(fileWith(complete), empty)).message).toContain(join(empty, 'app_secret'));
  const folder = credentialsWith({});
  mkdirSync(join(folder, 'app_secret'));
  expect((await problem(fileWith(complete), folder)).message).toContain(join(folder, 'app_secret'));
});

test('a whole configuration in the credentials folder is not judged by its mode', async () => {
  const credentials = credentialsWith({ 'app.yaml': complete });
  chmodSync(join(credentials, 'app.yaml'), 0o440);
  expect(await readAppConfig(join(credentials, 'app.yaml'), credentials)).toMatchObject({ appKey: KEY });
});
