import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventStreamDecoder, type ServerSentEvent } from './event-stream-decoder.ts';

const utf8 = new TextEncoder();
const event = (data: string, type = 'message'): ServerSentEvent => ({ type, data });

function decode(...pieces: readonly (string | Uint8Array)[]): readonly ServerSentEvent[] | 'too_large' {
  const decoder = new EventStreamDecoder(1_000);
  const events: ServerSentEvent[] = [];
  for (const piece of pieces) {
    const step = decoder.push(typeof piece === 'string' ? utf8.encode(piece) : piece);
    if (step === 'too_large') return step;
    events.push(...step);
  }
  return events;
}

test('of two byte order marks only the first is dropped, wherever they are split', () => {
  const bytes = utf8.encode('\uFEFF\uFEFFdata: a\n\ndata: b\n\n');
  for (let at = 0; at <= bytes.length; at++) {
    expect(decode(bytes.subarray(0, at), bytes.subarray(at)), `split at ${at}`).toEqual([event('b')]);
  }
});

describe('the HTML standard', () => {
  test.each<[string, string, readonly ServerSentEvent[]]>([
    ['an event with a type and an id', 'event: token\nid: 7\ndata: {"a":1}\n\n', [event('{"a":1}', 'token')]],
    ['a comment is nothing', ': heartbeat\n\n: heartbeat\n\n', []],
    ['a comment within an event', 'data: a\n: heartbeat\ndata: b\n\n', [event('a\nb')]],
    ["the standard's stock ticker", 'data: YHOO\ndata: +2\ndata: 10\n\n', [event('YHOO\n+2\n10')]],
    ['two events with empty data, one not ended', 'data\n\ndata\ndata\n\ndata:', [event(''), event('\n')]],
    [
      'one leading space is dropped, not two',
      'data:test\n\ndata: test\n\ndata:  test\n\n',
      [event('test'), event('test'), event(' test')],
    ],
    ['CR ends a line', 'data: a\rdata: b\r\r', [event('a\nb')]],
    ['CRLF ends a line once', 'data: a\r\ndata: b\r\n\r\n', [event('a\nb')]],
    ['LF CR is two ends', 'data: a\n\rdata: b\n\n', [event('a'), event('b')]],
    ['a byte order mark at the start is dropped', '\uFEFFdata: a\n\n', [event('a')]],
    ['a type does not outlive its event', 'event: token\n\ndata: a\n\n', [event('a')]],
    ['a field that nobody knows is nothing', 'Data: a\nretry: 1\nfoo\ndata: b\n\n', [event('b')]],
    ['a value with colons', 'data: a: b\n\n', [event('a: b')]],
    ['an event that the stream breaks off in is dropped', 'data: a', []],
    ['an event without its blank line is dropped', 'data: a\n', []],
  ])('%s', (_, text, events) => {
    expect(decode(text)).toEqual(events);
  });

  test('bytes that are not UTF-8 are replaced, not fatal', () => {
    expect(decode('data: a', Uint8Array.of(0xff), 'b\n\n')).toEqual([event('a\uFFFDb')]);
  });

  test('an event is there with the CR that ends it, before any LF', () => {
    const decoder = new EventStreamDecoder(100);
    expect(decoder.push(utf8.encode('data: a\r\n\r'))).toEqual([event('a')]);
    expect(decoder.push(utf8.encode(''))).toEqual([]);
    expect(decoder.push(utf8.encode('\ndata: b\n\n'))).toEqual([event('b')]);
  });
});

describe('limits', () => {
  test.each([
    ['a line that ends', `data: ${'x'.repeat(1_000)}\n`],
    ['a line without an end', 'x'.repeat(1_001)],
    ['a comment', `:${'x'.repeat(1_000)}`],
    ['many lines of data', 'data: 0123456789\n'.repeat(91)],
    ['many empty lines of data', 'data\n'.repeat(1_001)],
  ])('%s beyond the limit is too large, whole or byte by byte', (_, text) => {
    expect(decode(text)).toBe('too_large');
    expect(decode(...[...utf8.encode(text)].map((byte) => Uint8Array.of(byte)))).toBe('too_large');
  });

  test('at the limit it is not', () => {
    const data = 'x'.repeat(994);
    expect(decode(`data: ${data}\n\n`)).toEqual([event(data)]);
  });

  test('what came before does not count', () => {
    const text = `: heartbeat\n\ndata: ${'x'.repeat(900)}\n\n`.repeat(20);
    expect(decode(text)).toHaveLength(20);
  });
});

describe('any stream', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'data',
      'data: a',
      'data:  é€😀',
      ': heartbeat',
      'event: token',
      'id: 3',
      '',
      '',
      'retry: 10',
      'foo: bar',
    ),
    fc.string({ unit: fc.constantFrom('d', 'a', 't', ':', ' ', '\0', '\uFEFF', '😀') }),
  );
  const stream = fc
    .array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 })
    .map((lines) => lines.flat().join(''));

  test('means the same however its bytes are split', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200)), (text, cuts) => {
        const bytes = utf8.encode(text);
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        expect(decode(...pieces)).toEqual(decode(text));
        expect(decode(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(decode(text));
      }),
      { numRuns: 1_000 },
    );
  });

  test('means what a plain reading of the standard says', () => {
    fc.assert(
      fc.property(stream, (text) => {
        expect(decode(text)).toEqual(plainReading(text));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The whole text at once, by regular expressions. */
function plainReading(text: string): readonly ServerSentEvent[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  // What follows the last line end is a line that has not ended.
  lines.pop();
  const events: ServerSentEvent[] = [];
  let type = '';
  let data: string[] = [];
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0) events.push(event(data.join('\n'), type || 'message'));
      type = '';
      data = [];
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? [];
    if (field === 'event') type = value;
    if (field === 'data') data.push(value);
  }
  return events;
}
