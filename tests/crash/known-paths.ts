/** The paths that a save of a file touches, where known-names.ts gives the names. */
import { basename, dirname, join } from 'node:path';

/** More saves, and numbers drawn, than any run here needs. */
const MOST_SAVES = 6;
const MOST_DRAWS = 16;

export function pathsOfSave(file: string): string[] {
  return [dirname(file), file, ...temporariesOf(file)];
}

/** Every name that the next saves may give their temporary files. */
export function temporariesOf(file: string): string[] {
  const counted = Array.from({ length: MOST_SAVES }, (_, index) => (index + 1).toString(16).padStart(16, '0'));
  // The receiver's state file draws two numbers for a name.
  const drawn = Array.from({ length: MOST_DRAWS }, (_, index) => {
    return (2 ** 32 - index - 1).toString(16) + (2 ** 32 - index - 2).toString(16);
  });
  return [...counted, ...drawn].map((name) => join(dirname(file), `.${basename(file)}.${name}.tmp`));
}
