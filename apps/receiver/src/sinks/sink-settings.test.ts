import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sinksSetting } from './sink-settings.ts';

function setting() {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const files = { users: join(folder, 'passwd'), groups: join(folder, 'group') };
  writeFileSync(files.users, 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:100::/home/ann:/bin/sh\n');
  writeFileSync(files.groups, 'root:x:0:\ntraders:x:2000:ann\n');
  return sinksSetting(files);
}
const context = { cwd: '/srv/bot' };

test('paths are taken from the working folder, the mode is 0600, and names become numbers', () => {
  const written = [
    { path: 'token.json', format: 'json' },
    { path: '/run/bot/token.env', format: 'env', mode: '0640', owner: 'ann', group: 'traders' },
    { path: '/run/bot/token', format: 'raw', owner: 0, group: '4000' },
  ];
  const value = [
    { path: '/srv/bot/token.json', format: 'json', mode: 0o600 },
    { path: '/run/bot/token.env', format: 'env', mode: 0o640, uid: 1000, gid: 2000 },
    { path: '/run/bot/token', format: 'raw', mode: 0o600, uid: 0, gid: 4000 },
  ];
  expect(setting().parseYaml(written, context)).toEqual({ ok: true, value });
  expect(setting().parseText(JSON.stringify(written), context)).toEqual({ ok: true, value });
});

test('none is the default', () => {
  expect(setting().parseYaml(setting().fallback(), context)).toEqual({ ok: true, value: [] });
});

const good = { path: '/run/token', format: 'json' };
test.each<[string, unknown, readonly (string | number)[], RegExp]>([
  ['no list', good, [], /must be a list/],
  ['no mapping', ['/run/token'], [0], /must be a mapping/],
  ['no path', [{ format: 'json' }], [0, 'path'], /is missing/],
  ['an empty path', [{ ...good, path: '' }], [0, 'path'], /is empty/],
  ['a path for a shell', [{ ...good, path: '~/token' }], [0, 'path'], /write the whole path/],
  ['a path with a NUL', [{ ...good, path: '/run/\0' }], [0, 'path'], /NUL/],
  ['no format', [{ path: '/run/token' }], [0, 'format'], /is missing/],
  ['another format', [{ ...good, format: 'yaml' }], [0, 'format'], /must be (one of )?schwab-py(,| or) json/],
  ['a misspelt member', [{ ...good, ownr: 'ann' }], [0, 'ownr'], /did you mean "owner"/],
  ['a mode without quotes', [{ ...good, mode: 640 }], [0, 'mode'], /in quotes/],
  ['an unknown user', [{ ...good, owner: 'bob' }], [0, 'owner'], /names no user in .*passwd: there is no "bob"/],
  ['an unknown group', [{ ...good, group: 'ann' }], [0, 'group'], /names no group in .*group: there is no "ann"/],
  ['an owner that is a list', [{ ...good, owner: ['ann'] }], [0, 'owner'], /must be a name or a number/],
  ['a negative group', [{ ...good, group: -1 }], [0, 'group'], /names no group/],
  [
    'the same file twice',
    [good, { path: '/run/../run/token', format: 'raw' }],
    [1, 'path'],
    /is the file of sinks\[0\] too/,
  ],
  ['too many', Array.from({ length: 101 }, (_, index) => ({ ...good, path: `/run/${index}` })), [], /at most 100/],
])('%s is refused, and the place is named', (_, written, path, problem) => {
  const parsed = setting().parseYaml(written, context);
  expect(parsed).toMatchObject({ ok: false, problem: expect.stringMatching(problem) as string });
  expect(parsed).toHaveProperty('path', path);
});
