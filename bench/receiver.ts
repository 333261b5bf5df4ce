/** The receiver under test, in a folder of its own. */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Setting } from './part.ts';
import { startProcess, type ServerProcess } from './server-process.ts';

export interface RunningReceiver extends ServerProcess {
  readonly tokens: string;
  readonly api: string;
}

export async function startReceiver(
  { folder, root }: Setting,
  { flags = [], isPinned = false }: { readonly flags?: readonly string[]; readonly isPinned?: boolean } = {},
): Promise<RunningReceiver> {
  const own = mkdtempSync(join(folder, 'receiver-'));
  const [tokens, api] = [join(own, 'token.sock'), join(own, 'api.sock')];
  const args = ['run', `--unix-socket-path=${tokens}`, `--api-socket-path=${api}`, '--log-file=none', ...flags];
  const server = await startProcess(join(root, 'apps/receiver/bin/token-receiver'), args, /started/, {
    cwd: own,
    env: { XDG_RUNTIME_DIR: own },
    isPinned,
  });
  return { ...server, tokens, api };
}
