/** What the process holds: descriptors, and memory after a garbage collection. */
import { readdirSync } from 'node:fs';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Usage {
  readonly atInput: number;
  readonly memoryBytes: number;
  readonly descriptors: number;
}

/** How much more may be held at the end of a run than in its middle, whatever the number of inputs. */
const MEMORY_BOUND_BYTES: number = 8 * 1024 ** 2;
const DESCRIPTOR_BOUND = 8;

setFlagsFromString('--expose-gc');
const collectGarbage: unknown = runInNewContext('gc');

/** @param ownBytes what the fuzzer itself holds on purpose */
export async function measureUsage(atInput: number, ownBytes: number): Promise<Usage> {
  if (typeof collectGarbage === 'function') {
    // After a turn: handles that were closed are let go of.
    await new Promise((resolve) => setImmediate(resolve));
    Reflect.apply(collectGarbage, undefined, []);
  }
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return { atInput, memoryBytes: heap + external - ownBytes, descriptors: readdirSync('/proc/self/fd').length };
}

/**
 * Why the measurements are not flat; undefined if they are. The first quarter is left out: caches fill, code is compiled. Of what
 * follows the first half is compared with the second, each by its least: what is not let go of raises that too, and a collection that
 * left something for the next one does not.
 */
export function growthProblem(measured: readonly Usage[]): string | undefined {
  const settled = measured.slice(Math.floor(measured.length / 4));
  const half = Math.floor(settled.length / 2);
  if (half < 2) return undefined;
  const grown = (of: (usage: Usage) => number) =>
    Math.min(...settled.slice(-half).map(of)) - Math.min(...settled.slice(0, half).map(of));
  const memory = grown(({ memoryBytes }) => memoryBytes);
  if (memory > MEMORY_BOUND_BYTES) {
    const inputs = (settled.at(-1)?.atInput ?? 0) - (settled[0]?.atInput ?? 0);
    return `memory after a garbage collection grew by ${(memory / 1024 ** 2).toFixed(1)} MiB from one half of the run to the other, about ${Math.round((2 * memory) / inputs)} bytes an input`;
  }
  const descriptors = grown((usage) => usage.descriptors);
  return descriptors > DESCRIPTOR_BOUND
    ? `open descriptors grew by ${descriptors} from one half of the run to the other`
    : undefined;
}
