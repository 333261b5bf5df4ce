/** The paths that a save of a file touches, where known-names.ts gives the names. */
import { basename, dirname, join } from 'node:path';

/** More saves than any run here makes. */
const MOST_SAVES = 6;

export function pathsOfSave(file: string): string[] {
  const folder = dirname(file);
  const temporaries = Array.from({ length: MOST_SAVES }, (_, index) => {
    return join(folder, `.${basename(file)}.${(index + 1).toString(16).padStart(16, '0')}.tmp`);
  });
  return [folder, file, ...temporaries];
}
