import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Log } from './log.ts';

/** The full path of `systemd-notify`; undefined where it is not installed. */
export function findNotifyCommand(searchPath = '/usr/bin:/bin'): string | undefined {
  return searchPath
    .split(delimiter)
    .map((folder) => join(folder, 'systemd-notify'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Notifies by running systemd-notify(1), one at a time, so that the states arrive in their order. */
export function notifyByCommand(
  command: string,
  options: { env: Readonly<Record<string, string | undefined>>; pid: number; log: Log },
): (state: string) => void {
  const { pid, log } = options;
  // Nothing else of ours concerns it, and some of it may be secret.
  const env = { NOTIFY_SOCKET: options.env['NOTIFY_SOCKET'] };
  let previous: Promise<void> = Promise.resolve();
  let said = false;
  return (state) => {
    previous = previous
      .then(() => run(command, [`--pid=${pid}`, state], env))
      .catch((error: unknown) => {
        if (!said) log.warn(`systemd could not be notified: ${error instanceof Error ? error.message : String(error)}`);
        said = true;
      });
  };
}

function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: 'ignore', timeout: 5000 });
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve();
      else reject(new Error(`${command} ended with ${status ?? 'a signal'}`));
    });
  });
}
