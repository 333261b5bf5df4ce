/** What whoever has the disk, or a backup of it, finds there. */
import { randomBytes } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SecretFinder } from '../record/find-secrets.ts';
import { Bench } from '../system/processes.ts';

/** Runs the pair for some refreshes, to a stop. Resolves with the names of the files in which a secret is. */
async function filesWithSecrets(bench: Bench, ...flags: string[]): Promise<readonly string[]> {
  const { credentials } = bench.sandbox;
  const secrets = new Set([credentials.appSecret, `${credentials.appKey}:${credentials.appSecret}`]);
  const { token } = await bench.tokens();
  for (const name of ['access_token', 'refresh_token', 'id_token']) secrets.add(String(token[name]));
  const receiver = bench.receiver('--log-level=debug');
  await receiver.line(/started/);
  const sender = bench.sender('--log-level=debug', ...flags);
  await receiver.line(/Token received/);
  for (let count = 0; count < 3; count += 1) {
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    // Whatever form the file is in, the receiver has the token in memory.
    secrets.add((await bench.get('/v1/token/raw')).text);
  }
  await sender.stop();
  await receiver.stop();
  const finder = new SecretFinder(secrets);
  expect(finder.count).toBeGreaterThan(6);
  return globSync('**/*', { cwd: bench.folder })
    .filter((name) => statSync(join(bench.folder, name)).isFile())
    .filter((name) => finder.findings(readFileSync(join(bench.folder, name), 'latin1')).length > 0)
    .sort();
}

test('the login is in the token file alone, and the app’s secret in its configuration', async () => {
  await using bench = await Bench.make({ rotateRefreshToken: true });
  expect(await filesWithSecrets(bench)).toEqual(['app.yaml', 'schwab_tokens.json']);
});

test('with token_file_encryption, no token is on the disk at all; the key is a file that can be elsewhere', async () => {
  await using bench = await Bench.make({ rotateRefreshToken: true });
  await bench.write('token-file.key', `${randomBytes(32).toString('base64')}\n`, 0o600);
  const flags = ['--token-file-encryption', `--token-file-key=${bench.path('token-file.key')}`];
  expect(await filesWithSecrets(bench, ...flags)).toEqual(['app.yaml']);
});
