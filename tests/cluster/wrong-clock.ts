/** A wall clock that is set wrong, for one process: Debian's libfaketime. Monotonic clocks run as they do. */
import { globSync } from 'node:fs';

/** @returns what to add to the process's environment */
export function clockAhead(seconds: number): Readonly<Record<string, string>> {
  if (seconds === 0) return {};
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1');
  if (library === undefined) throw new Error('libfaketime is not installed: scripts/setup test');
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds > 0 ? '+' : '-'}${Math.abs(seconds)}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Processes that are killed would leave theirs behind.
    FAKETIME_DISABLE_SHM: '1',
  };
}
