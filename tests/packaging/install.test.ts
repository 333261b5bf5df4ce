/** scripts/install and scripts/uninstall: what the package has, without a package. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildPackage, CHECKOUT, Folder, LIBRARY } from './package.ts';

const MANIFEST = `${LIBRARY}/installed-files`;

interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
}

/** With a umask that nothing may rely on. */
function script(
  name: 'install' | 'uninstall',
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Outcome {
  const command = ['-c', 'umask 077; exec "$@"', 'bash', join(CHECKOUT, 'scripts', name), ...args];
  const { status, stdout, stderr } = spawnSync('bash', command, {
    encoding: 'utf8',
    env: { ...process.env, XDG_CONFIG_HOME: '', ...env },
  });
  // What scripts/setup says depends on what is missing here.
  return { exitCode: status, output: (stdout + stderr).replace(/^setup: .*\n/gm, '') };
}

const done = { exitCode: 0, output: '' };
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function files(root: string): readonly string[] {
  return globSync('**/*', { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .sort();
}

test('--destdir puts there what the package has, with the same modes, and a list of it', () => {
  using folder = new Folder();
  const root = join(folder.path, 'root');
  expect(script('install', ['--destdir', root])).toEqual(done);
  const unpacked = join(folder.path, 'package');
  execFileSync('dpkg-deb', ['--extract', buildPackage(folder.path, { fast: true }), unpacked]);
  const packaged = files(unpacked)
    .filter((path) => !path.startsWith('/usr/share/lintian/'))
    .map((path) => path.replace('/zsh/vendor-completions/', '/zsh/site-functions/'));
  expect(files(root)).toEqual([...packaged, MANIFEST].sort());
  for (const path of [
    '/usr/bin/token-receiver',
    '/etc/token-relay/schwab_app_config.yaml',
    '/usr/lib/token-relay/node',
    '/usr/lib',
  ]) {
    expect(statSync(root + path).mode, path).toBe(statSync(unpacked + path).mode);
  }
  expect(readFileSync(root + MANIFEST, 'utf8').split('\n')).toHaveLength(packaged.length + 1);
});

test('a second time, it keeps settings that were changed, and takes away what is no longer there', () => {
  using folder = new Folder();
  const root = folder.path;
  expect(script('install', ['--destdir', root])).toEqual(done);
  const settings = (name: string) => join(root, 'etc/token-relay', name);
  const shipped = readFileSync(settings('receiver.yaml'), 'utf8');
  // The version before had other settings files, of which one was changed, and a file more.
  writeFileSync(settings('sender.yaml'), '# mine\n');
  writeFileSync(settings('receiver.yaml'), '# of the version before\n');
  writeFileSync(settings('schwab_app_config.yaml'), 'app_key: made-up\n');
  writeFileSync(join(root, LIBRARY, 'gone.cjs'), '');
  const manifest = readFileSync(root + MANIFEST, 'utf8')
    .replace(/.*(?= .*\/sender\.yaml)/, `${'0'.repeat(64)} `)
    .replace(/.*(?= .*\/receiver\.yaml)/, `${sha256('# of the version before\n')} `);
  writeFileSync(root + MANIFEST, `${manifest}${'0'.repeat(64)}  ${LIBRARY}/gone.cjs\n`);

  const said = script('install', ['--destdir', root]);
  expect(said.exitCode).toBe(0);
  expect(said.output).toMatch(
    /^install: .*\/sender\.yaml was changed and is kept; the new one is \/etc\/token-relay\/sender\.yaml\.new\n$/,
  );
  expect(readFileSync(settings('sender.yaml'), 'utf8')).toBe('# mine\n');
  expect(readFileSync(settings('sender.yaml.new'), 'utf8')).toMatch(/^# Settings of the service/);
  expect(readFileSync(settings('receiver.yaml'), 'utf8')).toBe(shipped);
  expect(readFileSync(settings('schwab_app_config.yaml'), 'utf8')).toBe('app_key: made-up\n');
  expect(existsSync(join(root, LIBRARY, 'gone.cjs'))).toBe(false);
});

test('uninstall keeps settings and login, and with --purge deletes them after saying so', async () => {
  using folder = new Folder();
  const root = join(folder.path, 'root');
  const state = join(root, 'var/lib/token-relay');
  expect(script('install', ['--destdir', root])).toEqual(done);
  await mkdir(state, { recursive: true });
  writeFileSync(join(state, 'schwab_tokens.json'), 'made-up');
  const kept = script('uninstall', ['--destdir', root]);
  expect(kept).toEqual({ exitCode: 0, output: expect.stringContaining('are kept') as string });
  const settings = ['receiver', 'schwab_app_config', 'sender'].map((name) => `/etc/token-relay/${name}.yaml`);
  expect(files(root)).toEqual([...settings, '/var/lib/token-relay/schwab_tokens.json']);
  expect(existsSync(join(root, 'usr'))).toBe(false);

  expect(script('uninstall', ['--destdir', root])).toMatchObject({ exitCode: 1 });
  expect(script('install', ['--destdir', root])).toEqual(done);
  const purged = script('uninstall', ['--purge', '--destdir', root]);
  expect(purged.exitCode).toBe(0);
  for (const place of ['/etc/token-relay', '/var/lib/token-relay']) expect(purged.output).toContain(`  ${place}\n`);
  expect(files(root)).toEqual([]);
});

test('--user needs no root: everything is below ~/.local and ~/.config, and runs from there', () => {
  using folder = new Folder();
  const home = folder.path;
  const said = script('install', ['--user'], { HOME: home });
  expect(said.exitCode).toBe(0);
  expect(said.output).toContain(`${home}/.config/token-relay/schwab_app_config.yaml`);
  expect(said.output).toContain('systemctl --user enable --now token-refresh-sender');
  expect(
    files(home).filter((path) => !/^\/\.(local\/(bin|lib|share)|config\/(token-relay|systemd\/user))\//.test(path)),
  ).toEqual([]);
  for (const path of files(home).filter(
    (file) => /\/(bin|user|token-relay)\/[\w.-]+$/.test(file) && !/node$/.test(file),
  )) {
    // Nothing of the system's installation is meant.
    expect(readFileSync(home + path, 'utf8'), path).not.toMatch(/(?<!local)\/(usr\/lib|lib|etc)\/token-relay/);
  }
  expect(statSync(join(home, '.config/token-relay/schwab_app_config.yaml')).mode & 0o777).toBe(0o600);
  const version = execFileSync(join(home, '.local/bin/token-refresh-sender'), ['--version'], { encoding: 'utf8' });
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/);

  expect(script('uninstall', ['--user', '--purge'], { HOME: home })).toMatchObject({ exitCode: 0 });
  expect(files(home)).toEqual([]);
});

test.each([
  ['install', '--nonsense'],
  ['install', '--purge'],
  ['uninstall', '--nonsense'],
] as const)('scripts/%s %s is refused, with the usage', (name, flag) => {
  const { exitCode, output } = script(name, [flag]);
  expect({ exitCode, output }).toEqual({ exitCode: 2, output: expect.stringMatching(/^usage: scripts\//) as string });
});
