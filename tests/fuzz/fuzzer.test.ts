/** The fuzzer finds what it is there to find. */
import { describe, expect, test } from 'vitest';
import { framingOf } from './http-framing.ts';
import { readAnswers } from './http-answers.ts';
import { mutate } from './mutate.ts';
import { seeded } from '../seeded/seeded.ts';
import { inPieces } from './random.ts';
import { runTarget } from './run-target.ts';
import { watchedLog, SECRET } from './secrets.ts';
import { isAmongWhatCame } from './targets/schwab-http.ts';
import { shrink } from './shrink.ts';
import { growthProblem } from './usage.ts';

const HANG_MS = 2_000;
const run = (target: string, runs = 60) => runTarget({ target: `made-up-${target}`, seed: 1, runs, hangMs: HANG_MS });

describe('a target that breaks a promise is found out', () => {
  test.for([
    ['crash', 'crash', /SyntaxError/],
    ['rejection', 'crash', /TypeError: made up/],
    ['uncaught', 'crash', /nothing caught this error/],
    ['loop', 'hang', /no end within/],
    ['wait', 'hang', /can never come/],
    ['secret', 'secret', /holds the secret/],
  ] as const)('%s', async ([target, promise, message]) => {
    const { finding } = await run(target);
    expect(finding?.promise).toBe(promise);
    expect(finding?.message).toMatch(message);
    expect(Buffer.from(finding?.input ?? []).toString()).toContain('made-up');
  });

  test.for([
    ['memory', /memory after a garbage collection grew/],
    ['descriptor', /open descriptors grew/],
  ] as const)('%s, over a run', async ([target, message]) => {
    const { finding } = await run(target, 1_500);
    expect(finding?.promise).toBe('leak');
    expect(finding?.message).toMatch(message);
  });

  test.for(['good', 'closed-descriptor'])('and one that does not is not: %s', async (target) => {
    const { finding, inputs } = await run(target, 1_500);
    expect(finding).toBeUndefined();
    expect(inputs).toBe(1_500);
  });
});

test('what is measured is flat only if it does not rise from one half to the other', () => {
  const measured = (memory: (index: number) => number, descriptors: (index: number) => number = () => 20) =>
    Array.from({ length: 24 }, (_, index) => ({
      atInput: index,
      memoryBytes: memory(index),
      descriptors: descriptors(index),
    }));
  const mebibyte = 1024 ** 2;
  expect(growthProblem(measured(() => 30 * mebibyte))).toBeUndefined();
  expect(growthProblem(measured((index) => (30 + (index % 5) * 10) * mebibyte))).toBeUndefined();
  expect(growthProblem(measured((index) => (30 + Math.max(0, 20 - 4 * index)) * mebibyte))).toBeUndefined();
  expect(growthProblem(measured((index) => (30 + 2 * index) * mebibyte))).toMatch(/memory/);
  expect(
    growthProblem(
      measured(
        () => 30 * mebibyte,
        (index) => 20 + 2 * index,
      ),
    ),
  ).toMatch(/descriptors/);
});

test('a line that holds the secret is found in the log, and an ERROR is kept', () => {
  const { log, demandClean, errors } = watchedLog(() => undefined);
  log.info('all is well');
  expect(demandClean).not.toThrow();
  log.debug(`got ${SECRET}`);
  expect(demandClean).toThrow(/log line/);
  log.info('fields', { token: SECRET });
  expect(demandClean).toThrow(/log line/);
  log.error('broken');
  expect(errors()).toEqual(['broken']);
});

test('a seed gives the same mutations again, and pieces are the whole', () => {
  const bytes = Buffer.from('{"access_token":"a","expires_at":1}');
  const make = (seed: number) =>
    Array.from({ length: 200 }, (_, index) =>
      Buffer.from(
        mutate(bytes, {
          random: seeded(seed + index),
          dictionary: ['word'],
          other: Buffer.from('other'),
          maxBytes: 500,
        }),
      ).toString('latin1'),
    );
  expect(make(1)).toEqual(make(1));
  expect(new Set(make(1)).size).toBeGreaterThan(150);
  expect(make(1).every((text) => text.length <= 500)).toBe(true);
  for (let seed = 0; seed < 50; seed++) expect(Buffer.concat(inPieces(seeded(seed), bytes, 9))).toEqual(bytes);
});

test('an answer of Schwab that did not come for the request is seen, and one that went on without end is not', () => {
  const came = Buffer.from('HTTP/1.1 200 OK\r\n\r\n{"a":1}');
  expect(isAmongWhatCame('{"a":1}', came)).toBe(true);
  expect(isAmongWhatCame('{"a":1}xxx', came)).toBe(true);
  expect(isAmongWhatCame('{"b":1}', came)).toBe(false);
  expect(isAmongWhatCame('{"a":1}{"b":1}', came)).toBe(false);
});

test('the input of a finding is made smaller', async () => {
  const input = Buffer.from(`${'x'.repeat(300)}key${'y'.repeat(300)}`);
  const smaller = await shrink(input, (candidate) => Promise.resolve(Buffer.from(candidate).includes('key')));
  expect(Buffer.from(smaller).toString()).toBe('key');
});

describe('requests are counted as every server counts them', () => {
  const HEAD = 'Host: localhost\r\n';
  test.for([
    ['one', `GET / HTTP/1.1\r\n${HEAD}\r\n`, 1, 'nothing', false],
    ['two', `GET / HTTP/1.1\r\n${HEAD}\r\n\r\nHEAD / HTTP/1.1\r\n${HEAD}\r\n`, 2, 'nothing', false],
    [
      'a body is no request',
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      1,
      'nothing',
      false,
    ],
    [
      'chunks',
      `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      2,
      'nothing',
      false,
    ],
    ['half a head', `GET / HTTP/1.1\r\n${HEAD}`, 0, 'unclear', false],
    ['two lengths', `POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 0, 'unclear', true],
    [
      'length and chunks',
      `POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      0,
      'unclear',
      true,
    ],
    ['a folded line', `GET / HTTP/1.1\r\n${HEAD} folded\r\n\r\n`, 0, 'unclear', false],
    ['nothing', '', 0, 'nothing', false],
  ] as const)('%s', ([, text, count, rest, isContradiction]) => {
    expect(framingOf(text)).toMatchObject({ rest, isContradiction });
    expect(framingOf(text).methods).toHaveLength(count);
  });
});

describe('answers are read by the letter', () => {
  const none = () => false;
  test('lengths, chunks, no content, and the end of the connection', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi' + 'HTTP/1.1 304 Not Modified\r\n\r\n' + 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n' + 'HTTP/1.1 200 OK\r\n\r\nrest'; // prettier-ignore
    expect(readAnswers(text, none).map(({ status, body }) => [status, body])).toEqual([[200, 'hi'], [304, ''], [200, 'abc'], [200, 'rest']]); // prettier-ignore
  });
  test.for([
    ['no status line', 'hello\r\n\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\nConte'],
    ['a field twice', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\ncontent-length: 0\r\n\r\n'],
    ['a field with a control character', 'HTTP/1.1 200 OK\r\nX: \u0001\r\n\r\n'],
    [
      'an answer in the middle of chunks',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nHTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n',
    ],
  ] as const)('refused: %s', ([, text]) => {
    expect(() => readAnswers(text, none)).toThrow();
  });
});
