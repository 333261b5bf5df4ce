/** Leaves the input of a finding where it can be tried again, and be taken into the corpus. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './campaign.ts';
import { hashOf } from './random.ts';

const FOLDER = '.cache/fuzz';

/** Returns the file. */
export function keepFinding(target: string, { input }: Finding): string {
  const file = join(FOLDER, `${target}-${hashOf(input).toString(16)}`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, input);
  return file;
}
