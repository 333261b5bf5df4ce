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
/** Short, because a client that waits with half a message is answered only then. */
const RECEIVE_TIMEOUT_MS = 150;

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
    const path = join(folder.path, 'token.sock');
    const receiver = new TokenReceiver({
      unixSocketPath: path,
      maxTokenSize: MAX_BYTES,
      receiveTimeoutMs: RECEIVE_TIMEOUT_MS,
    });
    let told = 0;
    /** Messages of clients that did not wait: they may be taken in only now. */
    let late = 0;
    receiver.onToken(() => (told += 1));
    const details: string[] = [];
    receiver.onRejected(({ detail }) => details.push(detail));
    await receiver.start();
    return {
      async check(input) {
        const random = randomOf(input);
        const ending = pick<Ending>(random, ['half_close', 'half_close', 'half_close', 'wait', 'reset']);
        const before = receiver.getTokenCount();
        const reply = (await converse({ to: { path }, pieces: inPieces(random, input, 6), ending })).toString('latin1');
        demand(receiver.isRunning(), 'crash', 'the receiver does not run any more');
        demandNoSecret(receiver.getLastError(), 'getLastError()');
        demandNoSecret(details.splice(0).join('\n'), 'the detail of a rejection');
        const after = receiver.getTokenCount();
        demand(after - before <= 1 + late, 'schema', 'one connection brought two tokens');
        if (ending === 'reset') late += 1;
        if (ending !== 'half_close') return;
        const whole = decode([input], MAX_BYTES);
        const expected = [replyTo(whole), ...(isNewlineBeforeBrace(input) ? ['ERROR empty', 'OK'] : [])];
        demand(
          expected.includes(reply),
          'split',
          `the reply is ${JSON.stringify(reply)} in place of ${expected.join(' or ')}`,
        );
        if (whole.status === 'complete' && reply === 'OK' && late === 0) {
          const held = receiver.getLatestToken()?.message;
          demand(held?.accessToken === whole.message.accessToken, 'schema', 'OK was said, and another token is held');
        }
        late = 0;
      },
      async close() {
        await receiver.stop();
        folder.remove();
        demand(told <= receiver.getTokenCount(), 'bounds', 'a token was announced twice');
      },
    };
  },
};

function replyTo(step: DecodeStep): string {
  if (step.status === 'rejected') return formatReply({ kind: 'error', code: step.code });
  return step.status === 'complete' ? 'OK' : '';
}
