/** `token-receiver token`: prints the access token, for `$(…)`. */
import { CommandFailure, ExitCode, type Surroundings } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { loadReceiverSettings } from '../settings.ts';
import { ask } from './ask.ts';

const problemSchema = z.object({ title: z.string(), detail: z.optional(z.string()) });

export async function token(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { apiSocketPath } = await loadReceiverSettings({ ...surroundings, flags });
  const { status, body, text } = await ask(apiSocketPath, '/v1/token/raw');
  if (status === 200) {
    surroundings.stdout.write(`${text}\n`);
    return;
  }
  const problem = z.safeParse(problemSchema, body);
  if (!problem.success) {
    throw new CommandFailure(
      `The program at ${apiSocketPath} is not this token-receiver (HTTP ${status}).`,
      ExitCode.failed,
    );
  }
  const { title, detail } = problem.data;
  throw new CommandFailure(`${title}. ${detail ?? ''}`.trim(), ExitCode.tryAgain);
}
