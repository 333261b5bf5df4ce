/** What the system shows of the daemons and of what they start: no secret on a command line or in an environment. */
import { readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { SecretFinder } from '../record/find-secrets.ts';
import { Bench } from '../system/processes.ts';

/** Itself and who started it, as /proc has them. */
const SHOW = 'for pid in $$ $PPID; do tr "\\0" "\\n" </proc/$pid/cmdline; tr "\\0" "\\n" </proc/$pid/environ; done';

test('neither daemon, nor a hook, nor what follows the token, has a secret on its command line or in its environment', async () => {
  await using bench = await Bench.make({ rotateRefreshToken: true });
  const text = JSON.stringify(await bench.tokens());
  const hook = (name: string) => ['/bin/sh', '-c', `{ ${SHOW}; } >>${bench.path(`${name}.seen`)}`];
  const all = (names: readonly string[]) =>
    JSON.stringify(Object.fromEntries(names.map((name) => [name, [hook(name)]])));
  await bench.write('receiver.yaml', `hooks: ${all(['token', 'stale', 'recovered'])}\nstale_after: 2s\n`);
  await bench.write('sender.yaml', `hooks: ${all(['login_required', 'login_done'])}\n`);
  const receiver = bench.receiver(`--config=${bench.path('receiver.yaml')}`);
  await receiver.line(/started/);
  const watch = bench.start('token-receiver', [
    'watch',
    ...bench.receiverArguments().slice(1, 2),
    '--exec',
    '--',
    ...hook('watch'),
  ]);
  await rm(bench.tokenFile);
  const sender = bench.sender(`--config=${bench.path('sender.yaml')}`);
  await sender.line(/ERROR: Login required/);
  await bench.write('new.json', text, 0o600);
  await rename(bench.path('new.json'), bench.tokenFile);
  await receiver.line(/Token received/);
  // Silence makes it stale; a refresh ends that.
  await receiver.line(/WARN: No new token has come/);
  expect((await bench.senderCommand('refresh')).code).toBe(0);

  const { credentials } = bench.sandbox;
  const { token } = await bench.tokens();
  const before = JSON.parse(text) as { readonly token: Readonly<Record<string, unknown>> };
  const finder = new SecretFinder([
    credentials.appSecret,
    `${credentials.appKey}:${credentials.appSecret}`,
    ...['access_token', 'refresh_token', 'id_token'].flatMap((name) => [
      String(token[name]),
      String(before.token[name]),
    ]),
  ]);
  expect(finder.count).toBe(8);
  for (const name of ['token', 'stale', 'recovered', 'login_required', 'login_done', 'watch']) {
    const seen = await vi.waitFor(
      () => {
        const text = readFileSync(bench.path(`${name}.seen`), 'utf8');
        // Who started it comes last.
        expect(text).toMatch(/^\/bin\/sh$[^]*^PATH=[^]*(?:token-re|main\.cjs)[^]*^PATH=/m);
        return text;
      },
      { timeout: 30_000 },
    );
    expect(finder.findings(seen), name).toEqual([]);
  }
  for (const { child } of [receiver, sender, watch]) {
    const seen = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${child.pid ?? 0}/${name}`, 'latin1'));
    expect(seen[0]).toMatch(/token-re|main\.cjs/);
    expect(finder.findings(seen.join('\n'))).toEqual([]);
  }
});
