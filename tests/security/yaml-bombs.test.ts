/** Settings files that are small to write and large to read: refused, quickly, in little memory. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bench } from '../system/processes.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.make();
});
afterAll(() => bench[Symbol.asyncDispose]());

/** Above it V8 ends the program, which is then no longer refusing anything. A daemon runs in a third of it. */
const HEAP = '--max-old-space-size=64';
const MEGABYTE = 1024 ** 2;

function laughs(levels: number, width: number): string {
  const level = (name: number) =>
    `l${name}: &l${name} [${Array.from({ length: width }, () => `*l${name - 1}`).join(', ')}]`;
  return ['l0: &l0 [ha]', ...Array.from({ length: levels }, (_, index) => level(index + 1))].join('\n');
}

const bombs: readonly (readonly [string, string])[] = [
  ['a billion laughs', laughs(10, 10)],
  ['one list that is repeated', `l: &l [${'x, '.repeat(1_000)}]\nm: [${'*l, '.repeat(20_000)}]`],
  ['merged mappings', `a: &a {x: 1}\n${Array.from({ length: 5_000 }, (_, index) => `b${index}: {<<: *a}`).join('\n')}`],
  ['an alias to what it is in', 'a: &a [*a]\n'],
  ['lists in lists', '['.repeat(100_000)],
  ['mappings in mappings', Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ['flow mappings in flow mappings', '{a: '.repeat(100_000)],
  ['anchors without number', Array.from({ length: 50_000 }, (_, index) => `k${index}: &a${index} x`).join('\n')],
  ['names without number', Array.from({ length: 60_000 }, (_, index) => `name${index}: 1`).join('\n')],
  ['one name of a megabyte', `${'a'.repeat(MEGABYTE - 10)}: 1`],
  ['a text of a megabyte in quotes that are never closed', `a: "${'\\x41'.repeat(250_000)}`],
  ['more than a megabyte', `# ${'x'.repeat(MEGABYTE)}\na: 1\n`],
  ['documents without number', '--- {}\n'.repeat(100_000)],
  ['a tag that makes things', 'a: !!js/function "function () { return 1 }"\n'],
  ['the root of all objects', '__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n'],
];

describe.each([
  ['token-refresh-sender', '--config', 0o644, 'targets'],
  ['token-refresh-sender', '--app-config', 0o600, 'app_key'],
  ['token-receiver', '--config', 0o644, 'sinks'],
] as const)('%s refuses in %s', (daemon, flag, mode, setting) => {
  // Where a setting is looked at, and not only its name.
  const inside: typeof bombs = [['a billion laughs as a setting', `${laughs(10, 10)}\n${setting}: *l10\n`]];
  test.each([...bombs, ...inside])('%s', async (_what, text) => {
    await bench.write('bomb.yaml', text, mode);
    const own = daemon === 'token-receiver' ? bench.receiverArguments() : bench.senderArguments();
    // The last of two flags is the one that counts.
    const program = bench.start(daemon, ['run', ...own, `${flag}=${bench.path('bomb.yaml')}`], {
      env: { NODE_OPTIONS: HEAP },
    });
    const { code, signal, stderr } = await program.finished;
    expect({ code, signal }, stderr.slice(0, 2_000)).toEqual({ code: 78, signal: null });
    expect(stderr).toMatch(/^error: .*bomb\.yaml/);
    // Nor is it repeated to whoever reads the log.
    expect(stderr.length).toBeLessThan(2_000);
  });
});
