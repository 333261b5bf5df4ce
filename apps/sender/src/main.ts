import { ExitCode, isJournal, runCommandLine, type Surroundings } from '@token-relay/daemon';
import { fstatSync } from 'node:fs';
import { createProgram } from './program.ts';

process.title = 'token-refresh-sender';

// Whoever read the output may be gone (`… | head`): no reason to end, nor to show a stack trace. A command whose output is
// lost in another way, on a full disk, has failed; a daemon has its log file, and goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || process.argv.includes('run')) return;
    process.exitCode = ExitCode.failed;
    if (stream === process.stdout)
      process.stderr.write(`error: The output cannot be written (${error.code ?? 'unknown error'})\n`);
  });
}

const surroundings: Surroundings = {
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

void runCommandLine(createProgram(surroundings, process.argv), process.argv, {
  stderr: process.stderr,
  journal: isJournal(process.env, fstatSync(2)),
}).then((exitCode) => {
  process.exitCode ??= exitCode;
});
