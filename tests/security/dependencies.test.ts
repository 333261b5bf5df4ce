/** Nothing is depended on without a reason, a licence that allows it, and a name for the script that it runs. */
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { list, page, PAGE, wrongWith } from '../../scripts/dependencies.ts';
import { dependencies, type Dependency } from '../../scripts/dependency-list.ts';
import type { Lock } from '../../scripts/lock-file.ts';
import { shippedPlaces } from '../../scripts/package-contents.ts';

const checkout = resolve(import.meta.dirname, '../..');
const modules = join(checkout, 'node_modules');

test('docs/dependencies.md is what npm run dependencies writes', async () => {
  expect(readFileSync(PAGE, 'utf8')).toBe(await page());
});

test('each has a reason, a licence that is allowed, and a name if it brings a script', () => {
  expect(wrongWith(list)).toEqual([]);
  expect(list.filter(({ role }) => role === 'part').length).toBeGreaterThan(30);
});

test.each<[string, Partial<Dependency>, string]>([
  ['no reason', { name: 'made-up', role: 'tool' }, 'made-up@1.0.0 has no reason'],
  ['a licence that asks for more', { license: 'AGPL-3.0-only' }, 'zod@1.0.0 has the licence AGPL-3.0-only'],
  ['a licence for tools, in the package', { license: 'MPL-2.0' }, 'zod@1.0.0 has the licence MPL-2.0'],
  ['no licence', { license: 'NOASSERTION' }, 'zod@1.0.0 has the licence NOASSERTION'],
  ['a script that is not named', { hasInstallScript: true }, 'zod@1.0.0 brings a script'],
  ['nobody who needs it', { name: 'left-over', role: 'other' }, 'left-over@1.0.0 is needed by nobody'],
])('one with %s is found', (_what, given, complaint) => {
  const added = { name: 'zod', version: '1.0.0', license: 'MIT', role: 'part', hasInstallScript: false, neededBy: [] };
  expect(wrongWith([...list, { ...added, ...given } as Dependency])).toEqual([expect.stringContaining(complaint)]);
});

test('a reason, or a name for a script, of what is gone is found', () => {
  const gone = wrongWith(list.filter(({ name }) => name !== 'axios' && name !== 'sd-notify'));
  expect(gone).toHaveLength(3);
  expect(gone.join()).toMatch(/axios has a reason.*sd-notify has a reason.*sd-notify is named for a script/s);
});

test('what ships is told from what is for development by the bundles, not by what package.json says', () => {
  const lock: Lock = {
    '': { dependencies: { unused: '1', tool: '1' } },
    'node_modules/unused': { version: '1.0.0' },
    'node_modules/tool': { version: '1.0.0', dependencies: { shipped: '1' } },
    'node_modules/tool/node_modules/shipped': { version: '2.0.0' },
    'node_modules/shipped': { version: '1.0.0' },
  };
  const roles = dependencies(lock, ['node_modules/shipped']).map(({ name, version, role }) => [name, version, role]);
  expect(roles).toEqual([
    ['shipped', '1.0.0', 'part'],
    ['shipped', '2.0.0', 'other'],
    ['tool', '1.0.0', 'tool'],
    ['unused', '1.0.0', 'tool'],
  ]);
});

test('the installation ran the script of sd-notify, and no other', () => {
  expect(existsSync(join(modules, 'sd-notify/build/Release/notify.node'))).toBe(true);
  const again = 'run: rm -r node_modules; scripts/setup test';
  expect(existsSync(join(modules, 'unix-dgram/build')), again).toBe(false);
  // Its script puts the program itself in place of the one that starts it.
  expect(readFileSync(join(modules, 'esbuild/bin/esbuild')).subarray(0, 2).toString(), again).toBe('#!');
});

test('no bundle holds what nobody named: each require that is left is of Node, or of what lies beside it', () => {
  for (const file of [
    'sender/bundle/daemon.cjs',
    'sender/bundle/selfsigned.cjs',
    'sender/bundle/nats.cjs',
    'sender/bundle/axios.cjs',
    'sender/bundle/hot-shots.cjs',
    'receiver/bundle/daemon.cjs',
    'receiver/bundle/hot-shots.cjs',
  ]) {
    const text = readFileSync(join(checkout, 'apps', file), 'utf8');
    const left = [...text.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map(([, name = '']) => name);
    expect(left.length).toBeGreaterThan(0);
    const isThere = (name: string) => name.startsWith('./') && existsSync(join(checkout, 'apps', file, '..', name));
    expect(left.filter((name) => !isBuiltin(name) && name !== 'sd-notify' && !isThere(name))).toEqual([]);
  }
  expect(shippedPlaces(checkout, [])).toContain('node_modules/sd-notify');
});
