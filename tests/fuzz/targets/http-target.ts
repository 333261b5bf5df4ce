/** Raw bytes to one of the local HTTP servers, and what every answer must keep to. */
import type { NetConnectOpts } from 'node:net';
import { framingOf } from '../http-framing.ts';
import { readAnswers, type ReadAnswer } from '../http-answers.ts';
import { inPieces, randomOf } from '../random.ts';
import { converse } from '../raw-connection.ts';
import { demandNoSecret, type watchedLog } from '../secrets.ts';
import { demand } from '../target.ts';

export interface HttpTarget {
  /** The server's ends of connections that are open. */
  readonly connections: () => number | Promise<number>;
  readonly to: NetConnectOpts;
  readonly log: ReturnType<typeof watchedLog>;
  /** Called when all is sent: lets go of those who wait. */
  readonly onSent?: () => void;
}

/** One who asked for an answer without end, or for one that comes later, leaves after this. */
const LEAVE_AFTER_MS = 60;
const CLOSE_WITHIN_MS = 20_000;

export async function checkHttp(
  { connections, to, log, onSent }: HttpTarget,
  input: Uint8Array,
): Promise<readonly ReadAnswer[]> {
  const text = Buffer.from(input).toString('latin1');
  const random = randomOf(input);
  const mayWait = /wait|events/i.test(text);
  let leave: NodeJS.Timeout | undefined;
  const ending = random() < 0.08 ? 'reset' : 'half_close';
  const came = await converse({ to, pieces: inPieces(random, input, 4), ending }, (socket) => {
    setImmediate(() => onSent?.());
    if (mayWait) leave = setTimeout(() => socket.destroy(), LEAVE_AFTER_MS);
  });
  clearTimeout(leave);
  await demandNone(connections);
  const errors = log.errors();
  demand(errors.length === 0, 'crash', `a request led to an ERROR in the log: ${errors.join('; ')}`);
  log.demandClean();

  const answerText = came.toString('latin1');
  demandNoSecret(answerText, 'an answer');
  const framing = framingOf(text);
  const methods = [...framing.methods, framing.restMethod];
  const answers = readAnswers(answerText, (index) => methods[index] === 'HEAD');
  const most = framing.methods.length + (framing.rest === 'nothing' ? 0 : 1);
  demand(
    answers.length <= most || isRefused(answers.at(-1)),
    'schema',
    `${answers.length} answers to what is ${most} requests at most`,
  );
  const last = answers[framing.methods.length];
  demand(
    !framing.isContradiction || last === undefined || last.status >= 400,
    'schema',
    `a request with two lengths was answered with ${last?.status ?? 0}`,
  );
  for (const answer of answers) demand(answer.status !== 500, 'crash', `500: ${answer.body.slice(0, 200)}`);
  return answers;
}

/** Such as that for too many at a time: it is no answer to a request, and the connection ends with it. */
function isRefused(answer: ReadAnswer | undefined): boolean {
  return answer !== undefined && answer.status >= 400 && answer.headers.get('connection') === 'close';
}

/** The server's end closes too, and soon. */
async function demandNone(connections: HttpTarget['connections']): Promise<void> {
  const untilMs = performance.now() + CLOSE_WITHIN_MS;
  while ((await connections()) > 0) {
    demand(performance.now() < untilMs, 'hang', 'the server has kept a connection whose client is gone');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
