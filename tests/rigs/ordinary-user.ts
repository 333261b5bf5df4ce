import { chownSync } from 'node:fs';

const NOBODY = 65_534;

/** Runs a part of a test without the rights of root, which may do everything. These files and folders are made its own for it. */
export async function asOrdinaryUser<T>(files: readonly string[], run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run();
  for (const file of files) chownSync(file, NOBODY, NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}
