/** Waiting for a token: also for one that is not expired, and for a receiver that does not run yet or is restarted. */
import { CommandFailure, ExitCode, LocalHttpError, requestLocal } from '@token-relay/daemon';
import { nextBackoff } from '@token-relay/protocol';
import { setTimeout as sleep } from 'node:timers/promises';
import { asCommandFailure } from '../failures.ts';
import { problemFailure } from './ask.ts';

/** The receiver's own bounds for `?wait=`. */
const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;
/** For an answer that was sent at the last moment. */
const GRACE_MS = 1_000;
const BACKOFF = { baseMs: 50, capMs: 1_000 };

type Attempt =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'nobody' | 'nothing'; readonly failure: CommandFailure };

/**
 * Resolves with the first token that can be used, within the limit and at most 2 s. Otherwise rejects with a CommandFailure: exit code
 * 69 if nobody listened all the time, 75 if a receiver had none; at once with 1 if this user may not connect or another program answers.
 */
export async function waitForToken(apiSocketPath: string, limitMs: number): Promise<string> {
  const deadlineMs = performance.now() + limitMs;
  const leftMs = () => deadlineMs - performance.now();
  let everListened = false;
  let attempts = 0;
  for (;;) {
    const attempt = await askOnce(apiSocketPath, Math.min(Math.max(leftMs(), SHORTEST_WAIT_MS), LONGEST_WAIT_MS));
    if (attempt.kind === 'token') return attempt.token;
    everListened ||= attempt.kind === 'nothing';
    if (leftMs() <= 0) {
      const { message } = attempt.failure;
      const waited = `Waited ${limitMs / 1_000} s for a token:`;
      throw new CommandFailure(`${waited} ${message}`, everListened ? ExitCode.tryAgain : ExitCode.unavailable);
    }
    let delayMs: number;
    [delayMs, attempts] = nextBackoff(attempts, BACKOFF, Math.random);
    await sleep(Math.min(delayMs, leftMs()));
  }
}

async function askOnce(apiSocketPath: string, waitMs: number): Promise<Attempt> {
  try {
    const answer = await requestLocal(apiSocketPath, {
      method: 'GET',
      path: `/v1/token/raw?wait=${(waitMs / 1_000).toFixed(3)}`,
      timeoutMs: waitMs + GRACE_MS,
    });
    if (answer.status === 200) return { kind: 'token', token: answer.text };
    const failure = problemFailure(apiSocketPath, answer);
    if (failure.exitCode !== ExitCode.tryAgain) throw failure;
    return { kind: 'nothing', failure };
  } catch (error) {
    const failure = asCommandFailure(error);
    if (!(error instanceof LocalHttpError) || !(failure instanceof CommandFailure)) throw failure;
    switch (error.code) {
      case 'denied':
        throw failure;
      case 'daemon_not_running':
        return { kind: 'nobody', failure };
      case 'timeout':
      case 'bad_answer': // cut off, because the receiver is being stopped
        return { kind: 'nothing', failure };
    }
  }
}
