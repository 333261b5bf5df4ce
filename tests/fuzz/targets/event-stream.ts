/** The client's side of `GET /v1/token/events`: the decoder, and the token in an event. */
import fc from 'fast-check';
import { readAccessToken } from '../../../packages/client/src/access-token.ts';
import { EventStreamDecoder, type ServerSentEvent } from '../../../packages/client/src/event-stream-decoder.ts';
import { anyText, asBytes, objectText, timeValue, tokenText } from '../arbitraries.ts';
import { inPieces, pick, randomOf } from '../random.ts';
import { SECRET } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';

const END = fc.constantFrom('\n', '\n', '\r\n', '\r');
const tokenView = objectText({
  access_token: tokenText,
  token_type: fc.constant('Bearer'),
  expires_at: timeValue,
  generation: fc.oneof(fc.nat(), timeValue),
  received_at: timeValue,
});
const line = fc.oneof(
  { weight: 3, arbitrary: tokenView.map((json) => `data: ${json}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'event: token',
      'event:token',
      'event: other',
      'event',
      'data',
      'data:',
      'id: 1',
      'retry: 10',
      ':',
      ': heartbeat',
    ),
  },
  { weight: 1, arbitrary: anyText(60) },
  { weight: 2, arbitrary: fc.constant('') },
);
const stream = fc.array(fc.tuple(line, END), { maxLength: 20 }).map((lines) => lines.flat().join(''));

interface Outcome {
  readonly events: readonly ServerSentEvent[];
  readonly isTooLarge: boolean;
}

function decode(pieces: readonly Uint8Array[], maxLength: number): Outcome {
  const decoder = new EventStreamDecoder(maxLength);
  const events: ServerSentEvent[] = [];
  for (const piece of pieces) {
    const pushed = decoder.push(piece);
    if (pushed === 'too_large') return { events, isTooLarge: true };
    events.push(...pushed);
  }
  return { events, isTooLarge: false };
}

/** The HTML standard's algorithm on the whole text, with no thought for bounds and splits. */
function byTheStandard(input: Uint8Array): ServerSentEvent[] {
  const lines = new TextDecoder().decode(input).split(/\r\n|\r|\n/);
  lines.pop();
  const events: ServerSentEvent[] = [];
  let type = '';
  let data: string | undefined;
  for (const one of lines) {
    if (one === '') {
      if (data !== undefined) events.push({ type: type === '' ? 'message' : type, data: data.slice(0, -1) });
      type = '';
      data = undefined;
      continue;
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(one) ?? [];
    if (field === 'event') type = value;
    if (field === 'data') data = `${data ?? ''}${value}\n`;
  }
  return events;
}

export const eventStream: FuzzTarget = {
  name: 'event-stream',
  feeds: "the client's decoder of the event stream",
  inputs: asBytes(stream),
  dictionary: [
    'data:',
    'data: ',
    'event:',
    'event: token',
    'id:',
    'retry:',
    ':',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '\uFEFF',
    SECRET,
    '\u{1f44b}',
    '"generation":1',
    '{"access_token":"a","generation":1,"received_at":1}',
  ],
  runs: { long: 200_000, short: 2_000 },
  maxBytes: 20_000,
  isGuided: true,
  open: () => ({
    check(input) {
      const random = randomOf(input);
      const maxLength = pick(random, [1024 ** 2, 64]);
      const whole = decode([input], maxLength);
      const splits = [inPieces(random, input, 3), inPieces(random, input, 12)];
      if (input.length <= 400) splits.push(Array.from(input, (_, index) => input.subarray(index, index + 1)));
      for (const pieces of splits) {
        const split = decode(pieces, maxLength);
        demand(split.isTooLarge === whole.isTooLarge, 'split', 'whether a stream is too large depends on its splits');
        demand(
          whole.isTooLarge || JSON.stringify(split.events) === JSON.stringify(whole.events),
          'split',
          `in one piece: ${JSON.stringify(whole.events)}; in ${pieces.length}: ${JSON.stringify(split.events)}`,
        );
      }
      if (whole.isTooLarge)
        demand(input.length > maxLength, 'bounds', 'a stream is too large that is within the bound');
      else
        demand(
          JSON.stringify(whole.events) === JSON.stringify(byTheStandard(input)),
          'schema',
          `not what the standard has: ${JSON.stringify(whole.events)}`,
        );
      for (const { data } of whole.events) checkToken(data);
    },
  }),
};

function checkToken(data: string): void {
  const token = readAccessToken(data);
  if (token === undefined) return;
  const { accessToken, expiresAtMs, generation, receivedAtMs } = token;
  demand(/^[ -~]+$/.test(accessToken), 'schema', 'a token was accepted that cannot stand in a header field');
  for (const number of [expiresAtMs ?? 0, generation, receivedAtMs]) {
    demand(Number.isFinite(number) && number >= 0, 'bounds', `a token with the number ${number} was accepted`);
  }
}
