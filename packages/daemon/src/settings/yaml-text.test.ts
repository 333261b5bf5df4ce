import { expect, test } from 'vitest';
import { parseYaml } from './yaml-text.ts';

test('the line of any member is found, also in lists, flow style and under an alias', async () => {
  const text = [
    '# a comment',
    'token_file: a',
    'targets:',
    '  - name: one',
    '    unix: /a',
    '  - { name: two,',
    '      unix: /b }',
    'shared: &s {x: 1}',
    'again: *s',
    'last: 1',
  ].join('\n');
  const parsed = await parseYaml(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  expect(parsed.lineOf(['token_file'])).toBe(2);
  expect(parsed.lineOf(['targets'])).toBe(3);
  expect(parsed.lineOf(['targets', 0, 'unix'])).toBe(5);
  expect(parsed.lineOf(['targets', 1])).toBe(6);
  expect(parsed.lineOf(['targets', 1, 'unix'])).toBe(7);
  expect(parsed.lineOf(['targets', 1, 'missing'])).toBe(6);
  expect(parsed.lineOf(['again'])).toBe(9);
  expect(parsed.lineOf(['last'])).toBe(10);
  expect(parsed.lineOf(['nowhere'])).toBe(1);
});

test.each(['', '\n', '# only a comment\n', '---\n', '---\n...\n'])('%j is an empty document', async (text) => {
  expect(await parseYaml(text)).toMatchObject({ ok: true, value: undefined });
});

test.each([
  ['a: 1\nb: [1,\n', 3, 'deficient indentation'],
  ['a: 1\na: 2\n', 2, 'this name is given twice'],
  ['a: 1\nb:\n  c: 1\n  c: 2\n', 4, 'this name is given twice'],
  ['a: "torn', 1, 'unexpected end of the stream'],
  ['a: 1\n---\nb: 2\n', 1, 'more than one document'],
  ['a: !!js/function x\n', 1, 'unknown scalar tag'],
])('%j is refused at line %i', async (text, line, reason) => {
  const parsed = await parseYaml(text);
  expect(parsed).toMatchObject({ ok: false, line });
  expect(parsed.ok ? '' : parsed.reason).toContain(reason);
});

test('a document that grows when its aliases are expanded is refused', async () => {
  const levels = Array.from({ length: 12 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`);
  const parsed = await parseYaml(['l0: &l0 [x]', ...levels].join('\n'));
  expect(parsed).toMatchObject({ ok: false });
  expect(parsed.ok ? '' : parsed.reason).toContain('aliases');
});

test('a document nested deeper than any setting is refused', async () => {
  expect((await parseYaml('['.repeat(50) + ']'.repeat(50))).ok).toBe(false);
});

test('a member called __proto__ is a member and changes no object', async () => {
  const parsed = await parseYaml('__proto__: {polluted: true}\n');
  expect(parsed.ok && Object.keys(parsed.value as object)).toEqual(['__proto__']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});
