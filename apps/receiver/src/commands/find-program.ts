/** Whether a program could be started, as execvp(3) would look for it. */
import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** `not_executable`: there is one, and this user may not start it. */
export type FoundProgram = 'found' | 'not_executable' | 'missing';

/** @param searchPath as in `PATH`; an empty entry is the working folder */
export function findProgram(program: string, searchPath: string, cwd: string): FoundProgram {
  const folders = program.includes('/') ? [''] : searchPath.split(':');
  const found = folders.map((folder) => programAt(resolve(cwd, join(folder, program))));
  if (found.includes('found')) return 'found';
  return found.includes('not_executable') ? 'not_executable' : 'missing';
}

function programAt(path: string): FoundProgram {
  try {
    if (!statSync(path).isFile()) return 'not_executable';
  } catch {
    return 'missing';
  }
  try {
    accessSync(path, constants.X_OK);
    return 'found';
  } catch {
    return 'not_executable';
  }
}
