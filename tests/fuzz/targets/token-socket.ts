/** A real TokenReceiver on a Unix socket: messages in any split, half-closed, left or torn off. */
import { formatReply, type DecodeStep } from '@token-relay/protocol';
import { TokenReceiver } from '@token-relay/socket';
import { join } from 'node:path';
import { inPieces, pick, randomOf } from '../random.ts';
import { converse, type Ending } from '../raw-connection.ts';
import { demandNoSecret } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { decode, isNewlineBeforeBrace, MESSAGE_WORDS, messageInputs } from './token-message.ts';

const MAX_BYTES = 8_192;
/** Long, for those whose reply is compared: no machine is so busy. */
const PATIENT_MS = 60_000;
/** Short, because a client that waits with half a message is answered only then. */
const IMPATIENT_MS = 150;

export const tokenSocket: FuzzTarget = {
  name: 'token-socket',
  feeds: 'a `TokenReceiver` on a Unix socket: splits, half-closes, resets',
  inputs: messageInputs,
  dictionary: MESSAGE_WORDS,
  runs: { long: 15_000, short: 400 },
  maxBytes: 40_000,
  isGuided: false,
  open: async () => {
    const folder = temporaryFolder();
    const patient = await startReceiver(join(folder.path, 'patient.sock'), PATIENT_MS);
    const impatient = await startReceiver(join(folder.path, 'impatient.sock'), IMPATIENT_MS);
    /** Messages of clients that did not wait: they may be taken in only now. */
    let late = 0;
    return {
      async check(input) {
        const random = randomOf(input);
        const ending = pick<Ending>(random, ['half_close', 'half_close', 'half_close', 'half_close', 'wait', 'reset']);
        const { receiver, path, demandClean } = ending === 'wait' ? impatient : patient;
        const before = receiver.getTokenCount();
        const reply = (await converse({ to: { path }, pieces: inPieces(random, input, 6), ending })).toString('latin1');
        demandClean();
        const came = receiver.getTokenCount() - before;
        demand(came <= 1 + (ending === 'wait' ? 0 : late), 'schema', 'one connection brought two tokens');
        if (ending === 'reset') late += 1;
        if (ending !== 'half_close') return;
        const whole = decode([input], MAX_BYTES);
        const expected = [replyTo(whole), ...(isNewlineBeforeBrace(input) ? ['ERROR empty', 'OK'] : [])];
        const isExpected = expected.includes(reply);
        demand(isExpected, 'split', `the reply is ${JSON.stringify(reply)} in place of ${expected.join(' or ')}`);
        if (whole.status === 'complete' && reply === 'OK' && late === 0) {
          const held = receiver.getLatestToken()?.message;
          demand(held?.accessToken === whole.message.accessToken, 'schema', 'OK was said, and another token is held');
        }
        late = 0;
      },
      async close() {
        await Promise.all([patient.receiver.stop(), impatient.receiver.stop()]);
        folder.remove();
      },
    };
  },
};

interface StartedReceiver {
  readonly receiver: TokenReceiver;
  readonly path: string;
  readonly demandClean: () => void;
}

async function startReceiver(path: string, receiveTimeoutMs: number): Promise<StartedReceiver> {
  const receiver = new TokenReceiver({ unixSocketPath: path, maxTokenSize: MAX_BYTES, receiveTimeoutMs });
  const details: string[] = [];
  let told = 0;
  receiver.onToken(() => (told += 1));
  receiver.onRejected(({ detail }) => details.push(detail));
  await receiver.start();
  const demandClean = (): void => {
    demand(receiver.isRunning(), 'crash', 'the receiver does not run any more');
    demand(told <= receiver.getTokenCount(), 'bounds', 'a token was announced twice');
    demandNoSecret(receiver.getLastError(), 'getLastError()');
    demandNoSecret(details.splice(0).join('\n'), 'the detail of a rejection');
  };
  return { receiver, path, demandClean };
}

function replyTo(step: DecodeStep): string {
  if (step.status === 'rejected') return formatReply({ kind: 'error', code: step.code });
  return step.status === 'complete' ? 'OK' : '';
}
