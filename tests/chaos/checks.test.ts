/** What judges the chaos, shown to see what it is there for. */
import { describe, expect, test } from 'vitest';
import { fullestMinute, kindsOfSecretIn } from './log-checks.ts';
import { growth, memoryComplaints } from './memory.ts';
import { DEALS, faultName, LONG, planRound, SHORT, strikeText } from './plan.ts';
import type { Facts } from './quiet.ts';
import { verdict } from './report.ts';
import { invalidities, type RunFacts } from './validity.ts';
import { Generations, TokenBook, Witness } from './witness.ts';

const FILLED_UP = [
  'fill_disk disk',
  'fill_disk runtime',
  'use_up_descriptors api or control',
  'use_up_descriptors token',
];

test('a seed is a plan: the same each time, another for each round, and every kind of fault in two rounds', () => {
  const texts = (seed: number, round: number) => planRound(seed, round, SHORT).map(strikeText);
  expect(texts(1, 0)).toEqual(texts(1, 0));
  expect(texts(1, 0)).not.toEqual(texts(1, 2));
  expect(texts(1, 0)).not.toEqual(texts(2, 0));
  for (const shape of [SHORT, LONG]) {
    for (let seed = 0; seed < 50; seed += 1) {
      const strikes = [0, 1].flatMap((round) => planRound(seed, round, shape));
      expect(strikes.length).toBeGreaterThanOrEqual(DEALS.length);
      const kinds = ['kill', 'freeze', 'stop', 'remove_socket', 'close_folder', 'remove_folder', 'spoil_token_file'];
      const all = [...kinds, ...FILLED_UP, 'schwab'].sort();
      expect([...new Set(strikes.map(({ fault }) => faultName(fault)))].sort()).toEqual(all);
      expect(strikes.every(({ atMs }) => atMs >= 0 && atMs < shape.seconds * 1_000)).toBe(true);
    }
  }
});

test('in half of the rounds nobody is ended, so that a leak can be seen', () => {
  const endings = (round: number) =>
    planRound(1, round, LONG).filter(({ fault: { kind } }) => kind === 'kill' || kind === 'stop').length;
  const rounds = Array.from({ length: 8 }, (_, round) => round);
  expect(rounds.map((round) => endings(round + 8))).toEqual(rounds.map(() => 0));
  expect(Math.max(...rounds.map((round) => endings(round + 16)))).toBeGreaterThan(0);
});

test('an older generation after a newer one, or two tokens of one, is seen; a new life may begin anew', () => {
  const witness = new Witness();
  const generations = new Generations(witness);
  generations.judge(1, { generation: 5, token: 'a' }, 0, 'made-up reader');
  generations.judge(2, { generation: 1, token: 'b' }, generations.newest(2), 'made-up reader');
  expect(witness.complaints).toEqual([]);
  generations.judge(1, { generation: 4, token: 'c' }, generations.newest(1), 'made-up reader');
  generations.judge(1, { generation: 5, token: 'd' }, 0, 'made-up reader');
  expect(witness.complaints).toEqual([
    'made-up reader: generation 4 after 5',
    expect.stringMatching(/generation 5 is two tokens/),
  ]);
});

test('a token that nobody issued is torn', () => {
  const witness = new Witness();
  const book = new TokenBook(witness);
  const made = book.make('made-up-writer');
  book.judge(made, 'made-up file');
  expect(witness.complaints).toEqual([]);
  for (const torn of [made.slice(1), '', undefined, 'I0.half']) book.judge(torn, 'made-up file');
  expect(witness.complaints).toHaveLength(4);
  book.judge(`I0.${'a'.repeat(64)}@`, 'made-up file');
  book.judgeSeen();
  expect(witness.complaints[4]).toMatch(/Schwab never issued/);
});

test('a secret in a log is seen, in part too, and a fingerprint is none', () => {
  const ordinary =
    '[2025-11-13 08:44:23] INFO: Token 0123abcd saved to /tmp/relay-chaos-abcdef/disk/tokens/schwab_tokens.json';
  expect(kindsOfSecretIn(ordinary)).toEqual([]);
  expect(kindsOfSecretIn(`token I0.${'a'.repeat(12)}`)).toEqual(['an access token']);
  expect(kindsOfSecretIn(`refresh ${'a'.repeat(128)}@`)).toEqual(['a refresh token']);
  expect(kindsOfSecretIn('SandboxSecret012')).toEqual(['the app secret']);
});

test('the fullest minute is found', () => {
  const lines = ['44:01', '44:59', '45:00'].map((time) => `[2025-11-13 08:${time}] INFO: made-up`);
  expect(fullestMinute(lines)).toHaveLength(2);
});

test('memory that grows with every round is seen; one that settles, or a new life, is not', () => {
  const facts = (heapKb: number, pid = 1, residentKb = 80_000): Facts => {
    const one = { pid, descriptors: 20, children: 0, residentKb, heapKb };
    return { sender: one, 'receiver-a': one, 'receiver-b': one };
  };
  expect(growth([60_000, 64_000, 64_000, 64_000, 74_000, 74_000, 74_000])).toBe(0);
  const leak = [0, 1, 2, 3, 4, 5, 6].map((round) => facts(60_000 + round * 2_000));
  expect(memoryComplaints(leak)[0]).toMatch(/^the heap of sender grows by 2000 kB a round; it had 60000, /);
  expect(memoryComplaints([...leak, facts(90_000, 2)])).toEqual([]);
  expect(memoryComplaints([facts(10_000, 1, 400_000)])).toHaveLength(3);
});

describe('a run that broke no promise is called passed only if it is a proof', () => {
  const one = (pid: number) => ({ pid, descriptors: 20, children: 0, residentKb: 80_000, heapKb: 60_000 });
  const quiet: Facts = { sender: one(1), 'receiver-a': one(2), 'receiver-b': one(3) };
  const looks = [
    'token file',
    'sinks',
    'events',
    'GET',
    'GET with wait',
    'client',
    'credentials',
    'status of the sender',
  ];
  const valid: RunFacts = {
    minutes: 30,
    faults: [0, 1].flatMap((round) => planRound(1, round, LONG).map(({ fault }) => fault)),
    counts: new Map([...looks.map((what) => `reads: ${what}`), 'messages acknowledged'].map((what) => [what, 1e6])),
    quiets: Array.from({ length: 7 }, () => quiet),
    load: 1,
    isUserOrdinary: true,
  };

  test('one that is', () => {
    expect(invalidities(valid)).toEqual([]);
    expect(verdict([], [])).toBe('All promises were kept.');
  });

  test.each<[string, Partial<RunFacts>, RegExp]>([
    ['is too short', { minutes: 29.9 }, /^it took 29.9 minutes, and not 30$/],
    ['had not every fault', { faults: valid.faults.filter(({ kind }) => kind !== 'freeze') }, /^there was no freeze$/],
    [
      'read nothing',
      { counts: new Map([...valid.counts, ['reads: GET', 900]]) },
      /^reads: GET: 30 a minute, and not 900$/,
    ],
    ['could not judge the memory', { quiets: valid.quiets.slice(1) }, /^no process of sender lived long enough/],
    ['was on a busy machine', { load: 12 }, /^the load was 12.0 on a core/],
    ['ran without root', { isUserOrdinary: false }, /^without root/],
  ])('one that %s is not', (_what, change, reason) => {
    const found = invalidities({ ...valid, ...change });
    expect(found[0]).toMatch(reason);
    expect(verdict([], found)).toMatch(/^No complaint, and not a valid long run: /);
  });
});
