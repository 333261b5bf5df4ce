/** The C programs of the bench, compiled for each run. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Programs {
  /** Generates load. */
  readonly load: string;
  /** Many clients at once. */
  readonly crowd: string;
  /** The least that a C server can do. */
  readonly bare: string;
}

/** Throws if there is no C compiler; scripts/setup installs one. */
export function compilePrograms(root: string, folder: string): Programs {
  mkdirSync(folder);
  const compile = (source: string, name: string) => {
    const program = join(folder, name);
    execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', program, join(root, 'bench', source)], {
      stdio: 'inherit',
    });
    return program;
  };
  return {
    load: compile('load/load.c', 'load'),
    crowd: compile('load/crowd.c', 'crowd'),
    bare: compile('servers/bare.c', 'bare'),
  };
}
