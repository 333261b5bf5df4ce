/** The receiver under test, in a folder of its own. */
import { join } from 'node:path';
import { startProcess, type ServerProcess } from './server-process.ts';

export interface RunningReceiver extends ServerProcess {
  readonly tokens: string;
  readonly api: string;
}

export async function startReceiver(
  folder: string,
  root: string,
  flags: readonly string[] = [],
): Promise<RunningReceiver> {
  const [tokens, api] = [join(folder, 'token.sock'), join(folder, 'api.sock')];
  const args = ['run', `--unix-socket-path=${tokens}`, `--api-socket-path=${api}`, '--log-file=none', ...flags];
  const server = await startProcess(join(root, 'apps/receiver/bin/token-receiver'), args, /started/, {
    cwd: folder,
    env: { XDG_RUNTIME_DIR: folder },
  });
  return { ...server, tokens, api };
}
