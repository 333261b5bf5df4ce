import { expect, test } from 'vitest';
import { tokenPattern } from './token-pattern.ts';

test('a pattern is searched for, not matched as a whole', async () => {
  const pattern = await tokenPattern('^I0[.].+@$');
  expect(['I0.made-up@', 'I0.@', 'xI0.made-up@'].map((token) => pattern.test(token))).toEqual([true, false, false]);
  expect((await tokenPattern('made')).test('I0.made-up@')).toBe(true);
});

// With the usual engine, each of these would take longer than the universe has existed.
test.each(['^(a+)+$', '^(a|aa)+$', '^(a|a)*$'])('%s takes linear time on what a stranger sends', async (text) => {
  expect((await tokenPattern(text)).test(`${'a'.repeat(8191)}!`)).toBe(false);
});

test.each(['(', '(a)\\1'])('%s is refused, with the setting and what to write', async (text) => {
  await expect(tokenPattern(text)).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: expect.stringMatching(/^token_pattern cannot be used: .+ Write it as/) as string,
  });
});
