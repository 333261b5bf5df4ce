/** `token-receiver status`: asks the running daemon how it is. */
import { CommandFailure, ExitCode, type Surroundings } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { loadReceiverSettings } from '../settings.ts';
import { receiverStatusSchema } from '../status/receiver-status.ts';
import { statusLines } from '../status/status-text.ts';
import { ask } from './ask.ts';

export async function status(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { apiSocketPath } = await loadReceiverSettings({ ...surroundings, flags });
  const answer = await ask(apiSocketPath, '/v1/status');
  const parsed = z.safeParse(receiverStatusSchema, answer.body);
  if (!parsed.success) {
    throw new CommandFailure(
      `The program at ${apiSocketPath} is not this token-receiver (HTTP ${answer.status}).`,
      ExitCode.failed,
    );
  }
  const text = flags['json'] === true ? JSON.stringify(parsed.data, undefined, 2) : statusLines(parsed.data).join('\n');
  surroundings.stdout.write(`${text}\n`);
}
