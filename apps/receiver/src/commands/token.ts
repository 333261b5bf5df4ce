/** `token-receiver token`: prints the access token, for `$(…)`. */
import { CommandFailure, ExitCode, parseDuration, type Surroundings } from '@token-relay/daemon';
import { loadReceiverSettings } from '../settings.ts';
import { ask, problemFailure } from './ask.ts';
import { waitForToken } from './wait-for-token.ts';

const DEFAULT_WAIT = '30s';

/** @param flags.wait true, or a duration: how long to wait for a token, and for a receiver that does not run yet */
export async function token(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const wait = waitFrom(flags['wait']);
  const { apiSocketPath } = await loadReceiverSettings({ ...surroundings, flags });
  const text = wait === undefined ? await tokenNow(apiSocketPath) : await waitForToken(apiSocketPath, wait);
  surroundings.stdout.write(`${text}\n`);
}

async function tokenNow(apiSocketPath: string): Promise<string> {
  const answer = await ask(apiSocketPath, '/v1/token/raw');
  if (answer.status !== 200) throw problemFailure(apiSocketPath, answer);
  return answer.text;
}

function waitFrom(flag: unknown): number | undefined {
  if (flag === undefined) return undefined;
  const parsed = parseDuration(flag === true ? DEFAULT_WAIT : flag);
  if (!parsed.ok) throw new CommandFailure(`--wait ${parsed.problem}`, ExitCode.usage);
  return parsed.value;
}
