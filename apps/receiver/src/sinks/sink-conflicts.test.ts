import { expect, test } from 'vitest';
import { sinkConflict } from './sink-conflicts.ts';

const file = (setting: string, path: string, place = path) => ({ setting, path, place });
const own = [file('state_file', '/run/api.state.json'), file('log_file', '/logs/a.log', '/logs/a.1.log')];

test('files of their own are no conflict', () => {
  expect(sinkConflict([file('sinks[0].path', '/a'), file('sinks[1].path', '/b', '/c')], own)).toBeUndefined();
});

test('two that lead to the same file are, by both names', () => {
  expect(sinkConflict([file('sinks[0].path', '/real'), file('sinks[1].path', '/link', '/real')], own)).toBe(
    'sinks[1].path: /link leads to the same file as sinks[0].path (/real); name another file, or leave one of them out.',
  );
});

test.each([
  ['state_file', file('sinks[0].path', '/run/api.state.json')],
  ['log_file', file('sinks[0].path', '/link', '/logs/a.1.log')],
])('one that leads to the receiver’s %s is', (setting, sink) => {
  expect(sinkConflict([sink], own)).toBe(
    `sinks[0].path: ${sink.path} is the receiver's own file (${setting}), and would be overwritten; name another file.`,
  );
});
