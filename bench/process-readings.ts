/** What /proc says of a process. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessReadings {
  /** Resident memory now, MB. */
  readonly residentMb: () => number;
  /** Of it, what is the process's own; the rest are pages of files, such as Node's program, which all who run it share. */
  readonly ownMb: () => number;
  /** Processor time of its threads so far, ms; those that have ended are left out. */
  readonly processorMs: () => number;
  /** How often its threads gave up a processor or had to: each of them was woken as often. */
  readonly switches: () => number;
  /** Open descriptors. */
  readonly descriptors: () => number;
}

export function readingsOf(pid: number): ProcessReadings {
  const folder = `/proc/${pid}`;
  const threads = (file: string): readonly string[] =>
    readdirSync(`${folder}/task`).map((thread) => {
      try {
        return readFileSync(`${folder}/task/${thread}/${file}`, 'utf8');
      } catch {
        return ''; // it has ended since
      }
    });
  const status = (field: string) => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`${folder}/status`, 'utf8'));
    return Number(found?.[1] ?? Number.NaN) / 1_024;
  };
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    residentMb: () => status('VmRSS'),
    ownMb: () => status('RssAnon'),
    // Documentation/scheduler/sched-stats.rst: its first figure is the time on a processor, in ns
    processorMs: () => sum(threads('schedstat').map((text) => Number(text.split(' ')[0]))) / 1e6,
    switches: () =>
      sum(
        threads('status').flatMap((text) =>
          [...text.matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)/gm)].map(([, count]) => Number(count)),
        ),
      ),
    descriptors: () => readdirSync(`${folder}/fd`).length,
  };
}
