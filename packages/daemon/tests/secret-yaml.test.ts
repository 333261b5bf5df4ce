import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { ConfigurationError, readSecretYaml } from '../src/index.ts';

const schema = z.strictObject({ app_key: z.string().check(z.minLength(5)), app_secret: z.string() });
const SECRET = 'made-up-secret-value';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secret-'));
  file = join(folder, 'app.yaml');
});
afterEach(() => rm(folder, { recursive: true }));

async function write(text: string, mode = 0o600): Promise<void> {
  await writeFile(file, text);
  await chmod(file, mode);
}

test('a private file is read', async () => {
  await write(`app_key: abcdef\napp_secret: ${SECRET}\n`);
  expect(await readSecretYaml(file, schema)).toEqual({ app_key: 'abcdef', app_secret: SECRET });
});

test.each([0o644, 0o640, 0o604, 0o660, 0o602])(
  'a file with mode %o is refused, and the message says what to run',
  async (mode) => {
    await write(`app_key: abcdef\napp_secret: ${SECRET}\n`, mode);
    await expect(readSecretYaml(file, schema)).rejects.toMatchObject({
      code: 'config_too_open',
      message: `${file}: can be read by others (mode 0${mode.toString(8)}): run chmod 600 ${file}`,
    });
  },
);

test('a file that systemd guards is not judged by its mode', async () => {
  await write(`app_key: abcdef\napp_secret: ${SECRET}\n`, 0o440);
  expect(await readSecretYaml(file, schema, { credentialsDirectory: folder })).toMatchObject({ app_key: 'abcdef' });
  await expect(readSecretYaml(file, schema, { credentialsDirectory: `${folder}-other` })).rejects.toThrow('chmod 600');
});

test.each([
  ['', 'config_invalid', 'the file is empty; it needs app_key, app_secret'],
  [`app_key: abcdef\napp_secret: [${SECRET}]\n`, 'config_invalid', ':2: app_secret must be text'],
  [
    'app_key: abcdef\napp_secret: 1234567890123456\n',
    'config_invalid',
    ':2: app_secret must be text; put it in quotes',
  ],
  [`app_key: abcdef\n`, 'config_invalid', 'app_secret is missing'],
  [`app_key: abc\napp_secret: ${SECRET}\n`, 'config_invalid', ':1: app_key must be at least 5 characters long'],
  [
    `app_key: abcdef\napp_secret: x\napp_secrt: ${SECRET}\n`,
    'config_invalid',
    ':3: unknown name on this line; did you mean "app_secret"?',
  ],
  [`app_key: abcdef\napp_secret: x\n${SECRET}: 1\n`, 'config_invalid', ':3: unknown name on this line'],
  [`app_key: abcdef\napp_secret: "${SECRET}\n`, 'config_invalid', 'not valid YAML'],
  [`app_key: abcdef\napp_secret: *${SECRET}\n`, 'config_invalid', ':2: not valid YAML'],
  [SECRET, 'config_invalid', ':1: the file must be a mapping'],
])('%j is refused without a word of its content', async (text, code, words) => {
  await write(text);
  const error: unknown = await readSecretYaml(file, schema).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toMatchObject({ code, message: expect.stringContaining(words) as string });
  expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain(SECRET);
});

test('a missing file is told apart', async () => {
  await expect(readSecretYaml(file, schema)).rejects.toMatchObject({ code: 'config_missing' });
});
