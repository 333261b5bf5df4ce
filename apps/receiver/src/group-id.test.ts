import { accountName, ConfigurationError } from '@token-relay/daemon';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { groupId } from './group-id.ts';

function groupFile(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'group-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'group');
  writeFileSync(file, text);
  return file;
}
const machine = 'root:x:0:\ntraders-old:x:1001:\ntraders:x:1000:ann,bob\nbroken\nodd:x:none:\n';

test.each([
  ['traders', 1000],
  ['root', 0],
  ['1000', 1000],
  ['4294967294', 4_294_967_294],
])('%s is the group %d', (name, id) => {
  expect(groupId(name, groupFile(machine))).toBe(id);
});

test.each(['trader', 'broken', 'odd', 'root:x', '4294967295', '-1', '1e3'])('%s is no group, and says so', (name) => {
  const file = groupFile(machine);
  const attempt = () => groupId(name, file);
  expect(attempt).toThrow(ConfigurationError);
  expect(attempt).toThrow(`socket_group: there is no group "${name}" in ${file}`);
});

test('a machine without a group file has numbers only', () => {
  const none = `${groupFile('')}.none`;
  expect(groupId('1000', none)).toBe(1000);
  expect(() => groupId('traders', none)).toThrow(ConfigurationError);
});

test.each([
  [1000, 'traders'],
  [0, 'root'],
  [7, undefined],
])('the group %d is called %j', (id, name) => {
  expect(accountName(id, groupFile(machine))).toBe(name);
});
