/** YAML that looks like settings, and YAML that is meant to hurt. */
import fc from 'fast-check';
import { SECRET } from '../secrets.ts';

const scalar = fc.oneof(
  fc.constantFrom(
    'true', 'false', 'null', '~', '', '0', '1', '-1', '0o17', '0x1f', '1e3', '.inf', '.nan', '25m', '5s', '1.5h', '0s', '999999d', '8k', '10g', '0660', '"0660"', '0777', '"9999"',
    'info', 'debug', 'json', 'text', 'none', '127.0.0.1', '0.0.0.0', '[::1]:8125', '127.0.0.1:8125', '127.0.0.1:99999', 'configs/x.json', '/run/x.sock', '~/x', '""', "''", '"\\0"', '"\\x00"',
    'https://api.schwabapi.com/v1/oauth/token', 'http://127.0.0.1:1/', 'http://evil.example/', 'https://', "'^I0[.].+@$'", "'(a+)+$'", "'('", '!!binary AAAA', '!!set {a}', '!custom x', '2026-01-01',
    '|\n  block', '>-\n  folded\n  text', '[a, b]', '{a: b}', '[]', '{}', '*a', '&a x', '<<', '? x', '- x', '@x', '`x', '%x', '# c',
  ), // prettier-ignore
  fc.constant(SECRET),
  fc.constant(JSON.stringify(SECRET)),
  fc.string({ maxLength: 30 }).map((text) => JSON.stringify(text)),
  fc.integer({ min: 100, max: 20_000 }).map((length) => `/${'x'.repeat(length)}`),
);

const listEntry = fc.oneof(
  scalar,
  fc
    .array(
      fc.tuple(
        fc.constantFrom(
          'name',
          'unix',
          'tcp',
          'tls',
          'format',
          'path',
          'mode',
          'owner',
          'group',
          'command',
          'timeout',
          'include_refresh_token',
          'nmae',
        ),
        scalar,
      ),
      { maxLength: 5 },
    )
    .map((pairs) => `{${pairs.map(([name, value]) => `${name}: ${value.split('\n')[0] ?? ''}`).join(', ')}}`),
);

/** `name: value` lines: of these names, and now and then another or the same twice. */
export function settingsText(names: readonly string[]): fc.Arbitrary<string> {
  const name = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...names) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'tagrets',
        '__proto__',
        'constructor',
        '"a b"',
        '? complex',
        '<<',
        '&k key',
        '1',
        'null',
        '',
      ),
    },
  );
  const value = fc.oneof(
    { weight: 6, arbitrary: scalar },
    {
      weight: 2,
      arbitrary: fc
        .array(listEntry, { maxLength: 4 })
        .map((entries) => entries.map((entry) => `\n  - ${entry}`).join('')),
    },
    {
      weight: 2,
      arbitrary: fc
        .array(
          fc.tuple(fc.constantFrom('cert', 'key', 'ca', 'clients', 'login_due', 'token', 'stale', 'x'), listEntry),
          { maxLength: 4 },
        )
        .map((pairs) => pairs.map(([key, entry]) => `\n  ${key}: ${entry}`).join('')),
    },
  );
  // One wrong line hides all others: so mostly there is one line.
  const lines = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.tuple(name, value)) },
    { weight: 2, arbitrary: fc.uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([one]) => one }) },
  );
  return fc
    .tuple(
      lines,
      fc.constantFrom('', '', '', '---\n', '%YAML 1.2\n---\n', '\uFEFF'),
      fc.constantFrom('', '', '\n', '...\n', '---\nx: 1\n', '\t', '\0'),
    )
    .map(([pairs, head, tail]) => `${head}${pairs.map(([key, text]) => `${key}: ${text}\n`).join('')}${tail}`);
}

/** Each line holds the one before several times: with enough of them, more than any memory. */
const laughs = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 10 })).map(([levels, times]) => {
  const lines = ['a0: &a0 [x, x, x]'];
  for (let level = 1; level <= levels; level++) {
    lines.push(`a${level}: &a${level} [${Array.from({ length: times }, () => `*a${level - 1}`).join(', ')}]`);
  }
  return `${lines.join('\n')}\n`;
});
const deep = fc
  .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '&a [', '"', "'"), fc.integer({ min: 1, max: 5_000 }))
  .map(([opening, depth]) => opening.repeat(depth));
const indented = fc
  .integer({ min: 1, max: 60 })
  .map((depth) => Array.from({ length: depth }, (_, level) => `${' '.repeat(level)}a:\n`).join(''));
const circular = fc.constantFrom(
  'a: &a [*a]\n',
  '&a a: *a\n',
  'a: &a {b: *a}\n',
  '&a [*a, *a]\n',
  'targets: &t [*t]\n',
);
const longScalar = fc
  .tuple(
    fc.constantFrom('x', '"x', "'", '|\n ', '#', 'é', '%', '*', '&', '!', ':'),
    fc.integer({ min: 1, max: 40_000 }),
  )
  .map(([unit, times]) => `a: ${unit.repeat(Math.ceil(times / unit.length))}`);

export const yamlText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: settingsText(['a', 'b', 'targets', 'hooks', 'sinks', 'log_level']) },
  { weight: 2, arbitrary: laughs },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: indented },
  { weight: 1, arbitrary: circular },
  { weight: 1, arbitrary: longScalar },
);

export const YAML_WORDS: readonly string[] = [
  ': ', '\n', '- ', '? ', '&a ', '*a', '<<: ', '!!', '!!binary ', '!!merge ', '|', '>', '"', "'", '[', ']', '{', '}', ', ', '# ', '---\n', '...\n', '%YAML 1.1\n', '\t', '  ', '\uFEFF', '\u2028', '\u0085',
  SECRET, 'null', 'true', '__proto__: ', '0o17', '.inf', '"\\u0000"', '\\',
]; // prettier-ignore
