/** On what it was measured. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { PROCESSORS } from './processors.ts';

export function describeMachine(): string {
  const version = (command: string) =>
    execFileSync(command, ['--version'], { encoding: 'utf8' }).split('\n')[0]?.trim();
  const processors = cpus();
  const machine = `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}`;
  const versions = `Node ${process.version}, ${version('python3') ?? ''}, ${version('cc') ?? ''} with -O2`;
  const placing =
    PROCESSORS === undefined
      ? 'One processor for everyone: servers and load take turns on it.'
      : "Where a server is under load, it has one processor, and the load, a C program, another; the load's own share of its processor is given beside.";
  return `Measured on ${new Date().toISOString().slice(0, 10)}: ${machine}, ${versions}. Figures are medians of several rounds, taken in turn with what they are compared with; ratios are medians of the rounds' ratios. ${placing}`;
}

/** Of the last minute. */
export function loadAverage(): string {
  return loadavg()[0]?.toFixed(1) ?? '';
}
