/** A program, from its `main.ts` on: what it has of its process, its command line, and the code that it leaves with. */
import { fstatSync } from 'node:fs';
import { runCommandLine, type Command } from './command-line.ts';
import { ExitCode } from './exit-code.ts';
import type { Surroundings } from './run-daemon.ts';
import { isJournal } from './systemd.ts';

/** Runs the program that is made for this process, under this name; the process ends when nothing is left to do. */
export function runProgram(
  process: NodeJS.Process,
  name: string,
  createProgram: (surroundings: Surroundings, argv: readonly string[]) => Command,
): void {
  process.title = name;
  reportLostOutput(process);
  void runCommandLine(createProgram(surroundingsOf(process), process.argv), process.argv, {
    stderr: process.stderr,
    journal: isJournal(process.env, fstatSync(2)),
  }).then((exitCode) => {
    process.exitCode ??= exitCode;
  });
}

/**
 * Whoever read the output may be gone (`… | head`): no reason to end, nor to show a stack trace. A command whose output is
 * lost in another way, on a full disk, has failed; a daemon has its log file, and goes on.
 */
function reportLostOutput(process: NodeJS.Process): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || process.argv.includes('run')) return;
      process.exitCode = ExitCode.failed;
      if (stream === process.stdout)
        process.stderr.write(`error: The output cannot be written (${error.code ?? 'unknown error'})\n`);
    });
  }
}

function surroundingsOf(process: NodeJS.Process): Surroundings {
  return {
    env: process.env,
    cwd: process.cwd(),
    uid: process.getuid?.() ?? 0,
    pid: process.pid,
    signals: process,
    stdin: () => process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    stdoutFile: fstatSync(1),
    usage: () => {
      const { user, system } = process.cpuUsage();
      return { residentBytes: process.memoryUsage.rss(), cpuSeconds: (user + system) / 1e6 };
    },
    kill: (pid, signal) => process.kill(pid, signal),
    exitNow: (code) => process.exit(code),
  };
}
