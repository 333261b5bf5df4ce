import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputHead } from './output-head.ts';

function headOf(given: string, ...chunks: string[]): string {
  const head = new OutputHead(given);
  for (const chunk of chunks) head.push(Buffer.from(chunk));
  return head.text();
}

test('several lines become one', () => {
  expect(headOf('', 'one\ntwo\r\n\n', 'three\n')).toBe('one | two | three');
});

test('what steers a terminal is shown, not obeyed', () => {
  expect(headOf('', 'a\u001b[2Jb')).toBe('a\\u001b[2Jb');
});

test('bytes that are no text do no harm', () => {
  const head = new OutputHead('');
  head.push(Uint8Array.of(0xff, 0xfe, 0x41));
  expect(head.text()).toBe('\ufffd\ufffdA');
});

test('what the hook was given does not come back out, whole or cut, however it is repeated and split', () => {
  const given = 'made-up-token-of-some-length';
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant(given), fc.string({ maxLength: 700 })), { maxLength: 200 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 20 }),
      (parts, cuts) => {
        const bytes = Buffer.from(parts.join('-'));
        const head = new OutputHead(`${given}\n`);
        let from = 0;
        for (const length of [...cuts, bytes.length]) {
          head.push(bytes.subarray(from, from + length));
          from += length;
        }
        expect(head.text()).not.toContain(given);
        expect(head.text()).not.toMatch(/made-up-token/);
        expect(head.text().length).toBeLessThanOrEqual(2_048);
      },
    ),
  );
});

test('not even a part of it does, wherever the cut falls', () => {
  const given = 'made-up-token-of-some-length';
  for (let shift = 0; shift <= given.length; shift += 1) {
    // The words that stand in its place have no m.
    expect(headOf(given, 'x'.repeat(shift) + given.repeat(200))).not.toContain('m');
  }
});

test('a token does not come back in pieces: folded, cut or escaped', () => {
  const token = 'I0.made-up-token+0123456789/abcdefghijklmnopqrstuvwxyz@';
  expect(headOf(token, token.replaceAll(/(.{20})/g, '$1\n'))).not.toMatch(/made-up-token|0123456789|abcdefghij/);
  expect(headOf(token, `first half: ${token.slice(0, 27)}`)).toBe('first half: (part of its input)');
  expect(headOf(token, encodeURIComponent(token))).not.toMatch(/abcdefghij/);
});

test('of a sentence, what a program says about it stays', () => {
  const sentence = 'The login ends in 6 hours.';
  expect(headOf(`${sentence}\n`, 'mail: no address in "The login ends in 6"')).toBe(
    'mail: no address in "The login ends in 6"',
  );
});
