import { CommanderError, type Command } from 'commander';
import * as z from 'zod/mini';
import { ExitCode } from './exit-code.ts';

/** A command that ended badly in a way it knows: `error: MESSAGE` on stderr, and this exit code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** An error that says how to leave, whichever class it is: CommandFailure, ConfigurationError, SystemdError. */
const knownFailure = z.object({ message: z.string(), exitCode: z.enum(ExitCode) });

/**
 * Runs a commander program to its end and resolves with the exit code; never rejects and never ends the process.
 * Help and version are 0, a wrong command line is 2, an error with an `exitCode` is that code with its message on
 * stderr. Any other error is a bug: 1, with its stack.
 *
 * @param argv as in `process.argv`: the program and its file come first
 */
export async function runCommandLine(
  program: Command,
  argv: readonly string[],
  { stderr }: { stderr: { write(text: string): unknown } },
): Promise<ExitCode> {
  takeOverExit(program, (text) => void stderr.write(text));
  try {
    await program.parseAsync(argv);
    return ExitCode.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    const known = z.safeParse(knownFailure, error);
    if (known.success) {
      stderr.write(`error: ${known.data.message}\n`);
      return known.data.exitCode;
    }
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`error: unexpected failure; this is a bug in the program, please report it\n${trace}\n`);
    return ExitCode.failed;
  }
}

/** commander hands these two settings only to subcommands that are made after they were set. */
function takeOverExit(command: Command, writeErr: (text: string) => void): void {
  command.exitOverride();
  command.configureOutput({ writeErr });
  for (const child of command.commands) takeOverExit(child, writeErr);
}
