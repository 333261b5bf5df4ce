import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputHead } from './output-head.ts';

function headOf(...chunks: string[]): string {
  const head = new OutputHead();
  for (const chunk of chunks) head.push(Buffer.from(chunk));
  return head.text();
}

test('several lines become one', () => {
  expect(headOf('one\ntwo\r\n\n', 'three\n')).toBe('one | two | three');
});

test('what steers a terminal is shown, not obeyed', () => {
  expect(headOf('a\u001b[2Jb')).toBe('a\\u001b[2Jb');
});

test('bytes that are no text do no harm', () => {
  const head = new OutputHead();
  head.push(Uint8Array.of(0xff, 0xfe, 0x41));
  expect(head.text()).toBe('\ufffd\ufffdA');
});

test('no word is cut, so that no part of a secret stays that the log does not know', () => {
  const token = 'made-up-token-of-some-length';
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 20 }), fc.nat(60), (cuts, shift) => {
      const bytes = Buffer.from(`${'x'.repeat(shift)} ${`${token} `.repeat(200)}`);
      const head = new OutputHead();
      let from = 0;
      for (const length of [...cuts, bytes.length]) {
        head.push(bytes.subarray(from, from + length));
        from += length;
      }
      expect(head.text().replaceAll(token, '')).toMatch(/^x* *$/);
      expect(head.text().length).toBeLessThanOrEqual(2_048);
      expect(head.bytes).toBe(bytes.length);
      expect(head.isFull).toBe(true);
    }),
  );
  expect(headOf(token.repeat(200))).toBe('');
});
