import type { Command } from 'commander';
import * as z from 'zod/mini';
import { ExitCode } from './exit-code.ts';
import { journalPrefix } from './log-format.ts';

// The programs get it from here, so that there is one copy of it in a bundle.
export { Command } from 'commander';

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

/** Not by its class: in a workspace, the program may have another copy of commander than this package. */
const commanderError = z.object({ code: z.string().check(z.startsWith('commander.')), exitCode: z.number() });

/**
 * Runs a commander program to its end and resolves with the exit code; never rejects and never ends the process.
 * Help and version are 0, a wrong command line is 2, an error with an `exitCode` is that code with its message on
 * stderr. Any other error is a bug: 1, with its stack.
 *
 * @param options.journal whether stderr ends in systemd's journal: a priority stands in place of `error: `
 * @param argv as in `process.argv`: the program and its file come first
 */
export async function runCommandLine(
  program: Command,
  argv: readonly string[],
  { stderr, journal = false }: { stderr: { write(text: string): unknown }; journal?: boolean },
): Promise<ExitCode> {
  const prefix = journal ? journalPrefix('error') : 'error: ';
  takeOverExit(program, (text) => void stderr.write(text));
  try {
    await program.parseAsync(argv);
    return ExitCode.done;
  } catch (error) {
    const usage = z.safeParse(commanderError, error);
    if (usage.success) return usage.data.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    const known = z.safeParse(knownFailure, error);
    if (known.success) {
      stderr.write(`${prefix}${known.data.message}\n`);
      return known.data.exitCode;
    }
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(`${prefix}unexpected failure; this is a bug in the program, please report it\n${trace}\n`);
    return ExitCode.failed;
  }
}

/** commander hands these two settings only to subcommands that are made after they were set. */
function takeOverExit(command: Command, writeErr: (text: string) => void): void {
  command.exitOverride();
  command.configureOutput({ writeErr });
  for (const child of command.commands) takeOverExit(child, writeErr);
}
