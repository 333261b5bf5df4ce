/** A folder of a target's own, removed when it is closed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  readonly remove: () => void;
}

/** 0700; its path is short enough for a socket in it. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'fuzz-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
