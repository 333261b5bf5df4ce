import { statfsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** statfs(2): TMPFS_MAGIC and RAMFS_MAGIC. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/**
 * Whether what is written to this path stays in memory (tmpfs, ramfs).
 * @throws the errno error of statfs(2), for a folder that is missing
 */
export async function isInMemory(path: string): Promise<boolean> {
  return IN_MEMORY.has((await statfs(dirname(path))).type);
}

/** The same at once, for a folder that cannot hang. */
export function isInMemorySync(path: string): boolean {
  return IN_MEMORY.has(statfsSync(dirname(path)).type);
}
