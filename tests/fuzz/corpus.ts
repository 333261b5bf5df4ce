/** `corpus/TARGET/NAME`: hand-picked inputs, and every input that found something. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function corpusOf(target: string): readonly Seed[] {
  const folder = join(import.meta.dirname, 'corpus', target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }));
}
