/** Which packages a bundle is made of, by esbuild's own account. */
import type { Metafile } from 'esbuild';

/** Beside each bundle: the folders of the packages that are in it, such as `node_modules/zod`, as JSON. */
export const CONTENTS_FILE = 'contents.json';

/** The folders of npm packages of which at least one byte came into these outputs, sorted. */
export function packagesIn(metafiles: readonly Metafile[]): readonly string[] {
  const folders = new Set<string>();
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        const folder = /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
        if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
      }
    }
  }
  return [...folders].sort();
}
