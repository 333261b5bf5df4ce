/** `token-receiver history`: the last tokens that the running daemon took in, as fingerprints. */
import type { Surroundings } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { loadReceiverSettings } from '../settings.ts';
import { ask, notTheReceiver, problemFailure } from './ask.ts';
import { historyLines, historySchema } from './history-table.ts';

export async function history(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { apiSocketPath } = await loadReceiverSettings({ ...surroundings, flags });
  const answer = await ask(apiSocketPath, '/v1/history');
  if (answer.status !== 200) throw problemFailure(apiSocketPath, answer);
  const parsed = z.safeParse(historySchema, answer.body);
  if (!parsed.success) throw notTheReceiver(apiSocketPath, answer.status);
  const text =
    flags['json'] === true ? JSON.stringify(answer.body, undefined, 2) : historyLines(parsed.data).join('\n');
  surroundings.stdout.write(`${text}\n`);
}
