/** `token-refresh-sender status`: asks the running daemon how it is. */
import { CommandFailure, ExitCode, requestLocal, type Surroundings } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { asCommandFailure } from '../failures.ts';
import { loadSenderSettings } from '../settings.ts';
import { statusSchema } from '../status/status-report.ts';
import { statusLines } from '../status/status-text.ts';

const ANSWER_TIMEOUT_MS = 5_000;

export async function status(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { controlSocketPath } = await loadSenderSettings({ ...surroundings, flags });
  const answer = await requestLocal(controlSocketPath, {
    method: 'GET',
    path: '/v1/status',
    timeoutMs: ANSWER_TIMEOUT_MS,
  }).catch((error: unknown) => {
    throw asCommandFailure(error);
  });
  const report = z.safeParse(statusSchema, answer.body);
  if (!report.success) {
    throw new CommandFailure(
      `The program at ${controlSocketPath} is not this token-refresh-sender (HTTP ${answer.status}).`,
      ExitCode.failed,
    );
  }
  // https://no-color.org
  const hasColours = surroundings.stdout.isTTY === true && (surroundings.env['NO_COLOR'] ?? '') === '';
  const text =
    flags['json'] === true
      ? JSON.stringify(report.data, undefined, 2)
      : statusLines(report.data, Date.now(), hasColours).join('\n');
  surroundings.stdout.write(`${text}\n`);
}
