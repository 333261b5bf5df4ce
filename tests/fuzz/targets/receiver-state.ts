/** The receiver's state file. */
import fc from 'fast-check';
import { isStateText, formatState, parseState, stateEntry } from '../../../apps/receiver/src/holding/state-text.ts';
import { anyText, asBytes, objectText, timeValue, tokenText } from '../arbitraries.ts';
import { SECRET } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';

const LAST_GENERATION = 2 ** 52;

/** Mostly what is right: a file with one thing wrong in it is refused as a whole. */
function mostly<T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: wrong });
}

const generation = mostly(fc.nat(), fc.constantFrom(0, 1, LAST_GENERATION, LAST_GENERATION + 1, 2 ** 53, -1, 1.5, '1'));
const fingerprint = mostly(fc.constantFrom('00000000', 'deadbeef'), fc.constantFrom('DEADBEEF', '0', SECRET));
const arrival = mostly(fc.constantFrom('unix', 'tcp', 'tls'), fc.constant('pipe'));
const peer = mostly(anyText(20), fc.constant('x'.repeat(513)));
const timeMs = mostly(fc.integer({ min: 0, max: 2e12 }), timeValue);

const entry = objectText({
  generation,
  fingerprint,
  received_at_ms: timeMs,
  from: arrival,
  peer,
  expires_at_ms: timeMs,
  refresh_token: mostly(fc.constantFrom('none', 'first', 'same', 'changed'), fc.constant('other')),
});
const token = objectText({
  access_token: mostly(fc.constant(SECRET), tokenText),
  expires_at_ms: timeMs,
  received_at_ms: timeMs,
  from: arrival,
  peer,
});

export const receiverState: FuzzTarget = {
  name: 'receiver-state',
  feeds: "the receiver's state file",
  inputs: asBytes(
    fc
      .tuple(fc.constantFrom(1, 1, 1, 2, '1'), generation, token, fingerprint, fc.array(entry, { maxLength: 3 }))
      .map(
        ([version, number, held, refresh, entries]) =>
          `{"version":${JSON.stringify(version)},"generation":${JSON.stringify(number)},"token":${held},"refresh_fingerprint":${JSON.stringify(refresh)},"history":[${entries.join(',')}]}\n`,
      ),
  ),
  dictionary: [
    '"version":1',
    '"generation":',
    '"token":',
    '"history":[',
    '"access_token":',
    '"from":"unix"',
    '"refresh_token":"none"',
    SECRET,
    '{',
    '}',
    'null',
    '8640000000000000',
  ],
  runs: { long: 150_000, short: 2_000 },
  maxBytes: 50_000,
  isGuided: true,
  open: () => ({
    check(input) {
      const state = parseState(Buffer.from(input).toString('utf8'));
      if (state === undefined) return;
      demand(
        Number.isSafeInteger(state.generation) && state.generation >= 0 && state.generation <= LAST_GENERATION,
        'bounds',
        `the generation ${state.generation}`,
      );
      for (const timeMs of [
        state.held?.receivedAtMs ?? 0,
        state.held?.message.expiresAtMs ?? 0,
        ...state.history.map(({ receivedAtMs }) => receivedAtMs),
      ]) {
        demand(!Number.isNaN(new Date(timeMs).getTime()), 'bounds', `the time ${timeMs} is no date`);
      }
      const text = formatState(state, JSON.stringify(state.history.map(stateEntry)));
      demand(isStateText(text), 'round_trip', 'what is written is not recognised as a state file');
      demand(
        JSON.stringify(parseState(text)) === JSON.stringify(state),
        'round_trip',
        `${JSON.stringify(state)} is not read as it is written`,
      );
    },
  }),
};
