/** `token-receiver watch`: a line for each new token, and a program that is run for it. */
import { CommandFailure, ExitCode, handleSignals, type Surroundings } from '@token-relay/daemon';
import { loadReceiverSettings } from '../settings.ts';
import { followTokens } from './follow-tokens.ts';
import { TokenProgram, type TokenProgramOptions } from './token-program.ts';
import { watchLine } from './watch-lines.ts';

/** Where the output goes. A stream says there that nobody reads any more. */
interface Output {
  write(text: string): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * Until it is stopped by a signal, or nobody reads its output any more: then exit code 0.
 * @param flags.json one JSON object a line
 * @param flags.exec whether to run `command` for each token
 */
export async function watch(
  surroundings: Surroundings,
  flags: Readonly<Record<string, unknown>>,
  command: readonly string[],
): Promise<void> {
  const run = commandFrom(flags['exec'] === true, command);
  const { env, cwd } = surroundings;
  const { apiSocketPath } = await loadReceiverSettings({ ...surroundings, flags });
  const [stdout, stderr]: readonly [Output, Output] = [surroundings.stdout, surroundings.stderr];
  const say = (line: string) => void stderr.write(`${line}\n`);
  const program = run === undefined ? undefined : new TokenProgram({ command: run, cwd, environment: env, say });

  const stop = new AbortController();
  let failure: CommandFailure | undefined;
  const onOutputError = (error: Error) => {
    if (!('code' in error && error.code === 'EPIPE')) {
      failure ??= new CommandFailure(`The output cannot be written: ${error.message}`, ExitCode.failed);
    }
    stop.abort();
  };
  for (const output of [stdout, stderr]) output.on?.('error', onOutputError);
  const ignoreSignals = handleSignals(surroundings.signals, {
    onStop: () => stop.abort(),
    onSecondStop: () => surroundings.exitNow(ExitCode.failed),
    onReload: () => stop.abort(),
  });
  await followTokens({
    socketPath: apiSocketPath,
    signal: stop.signal,
    onToken: (token) => {
      stdout.write(`${watchLine(token, flags['json'] === true)}\n`);
      program?.run(token);
    },
    onTrouble: (message) => say(`${message} (trying again until it answers)`),
  });
  await program?.stop();
  ignoreSignals();
  if (failure !== undefined) throw failure;
}

function commandFrom(
  isWanted: boolean,
  [program, ...args]: readonly string[],
): TokenProgramOptions['command'] | undefined {
  if (isWanted && program !== undefined) return [program, ...args];
  if (!isWanted && program === undefined) return undefined;
  throw new CommandFailure(
    `${isWanted ? '--exec names no program' : 'A program is run with --exec'}: watch --exec -- PROGRAM [ARGUMENT…]`,
    ExitCode.usage,
  );
}
