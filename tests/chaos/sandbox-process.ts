/** A sandbox of Schwab as a process, which ends with this one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { recordingEnvironment } from '../record/record.ts';

const program = join(import.meta.dirname, '../../packages/schwab-sandbox/src/main.ts');
export const APP_SECRET = 'SandboxSecret012';

/** @param tokenFile where it puts its first login */
export async function startSandbox(tokenFile: string): Promise<{ child: ChildProcess; url: string }> {
  // Access tokens of a minute: refreshed every 3 seconds, and expired when nobody refreshes them.
  const args = [
    '--access-token-seconds=60',
    `--app-secret=${APP_SECRET}`,
    `--token-file=${tokenFile}`,
    '--exit-with-stdin',
  ];
  const child = spawn(process.execPath, ['--conditions=source', program, ...args], {
    env: { ...process.env, ...recordingEnvironment() },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^Sandbox .*: (http:\S+) /.exec(line)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error('the sandbox did not start');
}
