/** What /proc says of a process. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessReadings {
  /** Resident memory now, MB. */
  readonly residentMb: () => number;
  /** Of it, what is the process's own; the rest are pages of files, such as Node's program, which all who run it share. */
  readonly ownMb: () => number;
  /** Processor time of its threads so far, ms; those that have ended are left out. */
  readonly processorMs: () => number;
  /** How often its threads have gone to sleep, and so were woken. */
  readonly wakeups: () => number;
  /** How often they had to leave a processor to others: what the machine's other work did to it. */
  readonly preemptions: () => number;
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
  const field = (name: string, text: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  const memoryMb = (name: string) => field(name, readFileSync(`${folder}/status`, 'utf8')) / 1_024;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const switches = (name: string) =>
    sum(
      threads('status')
        .filter((text) => text !== '')
        .map((text) => field(name, text)),
    );
  return {
    residentMb: () => memoryMb('VmRSS'),
    ownMb: () => memoryMb('RssAnon'),
    // Documentation/scheduler/sched-stats.rst: its first figure is the time on a processor, in ns
    processorMs: () => sum(threads('schedstat').map((text) => Number(text.split(' ')[0]))) / 1e6,
    wakeups: () => switches('voluntary_ctxt_switches'),
    preemptions: () => switches('nonvoluntary_ctxt_switches'),
    descriptors: () => readdirSync(`${folder}/fd`).length,
  };
}
