/** How the commands ask the running receiver, and what they say of answers that are none. */
import { CommandFailure, ExitCode, requestLocal, type LocalAnswer } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { asCommandFailure } from '../failures.ts';

const ANSWER_TIMEOUT_MS = 5_000;

const problemSchema = z.object({ title: z.string(), detail: z.optional(z.string()) });

/** @throws CommandFailure with exit code 69 if nobody listens at the path. */
export async function ask(apiSocketPath: string, path: string): Promise<LocalAnswer> {
  try {
    return await requestLocal(apiSocketPath, { method: 'GET', path, timeoutMs: ANSWER_TIMEOUT_MS });
  } catch (error) {
    throw asCommandFailure(error);
  }
}

/** For an answer that is a problem of the receiver (exit code 75), or comes from another program (1). */
export function problemFailure(apiSocketPath: string, { status, body }: Omit<LocalAnswer, 'text'>): CommandFailure {
  const problem = z.safeParse(problemSchema, body);
  if (!problem.success) return notTheReceiver(apiSocketPath, status);
  const { title, detail } = problem.data;
  return new CommandFailure(`${title}. ${detail ?? ''}`.trim(), ExitCode.tryAgain);
}

export function notTheReceiver(apiSocketPath: string, status: number): CommandFailure {
  return new CommandFailure(
    `The program at ${apiSocketPath} is not this token-receiver (HTTP ${status}).`,
    ExitCode.failed,
  );
}
