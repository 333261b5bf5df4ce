/** How the commands ask the running receiver. */
import { requestLocal, type LocalAnswer } from '@token-relay/daemon';
import { asCommandFailure } from '../failures.ts';

const ANSWER_TIMEOUT_MS = 5_000;

/** @throws CommandFailure with exit code 69 if nobody listens at the path. */
export async function ask(apiSocketPath: string, path: string): Promise<LocalAnswer> {
  try {
    return await requestLocal(apiSocketPath, { method: 'GET', path, timeoutMs: ANSWER_TIMEOUT_MS });
  } catch (error) {
    throw asCommandFailure(error);
  }
}
