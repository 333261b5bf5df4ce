import { chownSync } from 'node:fs';

const NOBODY = 65_534;

/** Runs a part of a test without the rights of root, which may do everything. These folders are made its own for it. */
export async function asOrdinaryUser<T>(folders: readonly string[], run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run();
  for (const folder of folders) chownSync(folder, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}
