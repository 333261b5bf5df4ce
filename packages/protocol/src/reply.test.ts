import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatReply, parseReply } from './reply.ts';

describe('a reply', () => {
  test('is exactly OK, with no newline, when the token is held', () => {
    expect(formatReply({ kind: 'ok' })).toBe('OK');
  });

  test('names its code when the message is refused', () => {
    expect(formatReply({ kind: 'error', code: 'too_large' })).toBe('ERROR too_large');
  });

  test.each([
    ['OK', { kind: 'ok' }],
    [' OK\r\n', { kind: 'ok' }],
    ['\nOK ', { kind: 'ok' }],
    ['ERROR busy', { kind: 'error', code: 'busy' }],
    ['ERROR bad_json\n', { kind: 'error', code: 'bad_json' }],
    ['ERROR: bad-thing happened', { kind: 'error', code: 'bad-thing' }],
    ['ERROR', { kind: 'error', code: 'unspecified' }],
    ['ERROR \u001b[31m', { kind: 'error', code: 'unspecified' }],
    ['', { kind: 'unknown' }],
    ['ok', { kind: 'unknown' }],
    ['OK then', { kind: 'unknown' }],
    ['ERRORS', { kind: 'unknown' }],
    ['{"access_token":"made-up"}', { kind: 'unknown' }],
  ])('%j is read as %j', (text, expected) => {
    expect(parseReply(text)).toEqual(expected);
  });

  test('never brings more of a peer into our logs than a short plain code', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, asError) => {
        const reply = parseReply(asError ? `ERROR ${text}` : text);
        expect(JSON.stringify(reply)).toMatch(/^\{"kind":"(ok"|unknown"|error","code":"[\w-]{1,64}")\}$/);
      }),
    );
  });
});
