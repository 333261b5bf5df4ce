/** `token-receiver status`: asks the running daemon how it is. */
import { type Surroundings } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { loadReceiverSettings } from '../settings.ts';
import { receiverStatusSchema } from '../status/receiver-status.ts';
import { statusLines } from '../status/status-text.ts';
import { ask, notTheReceiver, problemFailure } from './ask.ts';

export async function status(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { apiSocketPath } = await loadReceiverSettings({ ...surroundings, flags });
  const answer = await ask(apiSocketPath, '/v1/status');
  if (answer.status !== 200) throw problemFailure(apiSocketPath, answer);
  const parsed = z.safeParse(receiverStatusSchema, answer.body);
  if (!parsed.success) throw notTheReceiver(apiSocketPath, answer.status);
  // As it came: a newer receiver may say more than this command knows.
  const text = flags['json'] === true ? JSON.stringify(answer.body, undefined, 2) : statusLines(parsed.data).join('\n');
  surroundings.stdout.write(`${text}\n`);
}
