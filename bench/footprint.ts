/** Start to READY, idle memory and stop, of both daemons beside a Node process that does nothing. */
import { startSandbox, type Sandbox } from '@token-relay/schwab-sandbox';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, table } from './figures.ts';
import { startProcess } from './server-process.ts';

const STARTS = 15;
/** After this the process has settled. */
const IDLE_MS = 3_000;

interface Measured {
  readonly readyMs: number[];
  readonly residentMb: number[];
  readonly stopMs: number[];
}

export async function footprint(folder: string, root: string): Promise<string> {
  await using sandbox = await startSandbox();
  const home = join(folder, 'home');
  const programs: Record<string, { command: string; args: string[]; ready: RegExp }> = {
    'bare Node process': {
      command: process.execPath,
      args: [join(root, 'bench/servers/bare-process.cjs')],
      ready: /ready/,
    },
    'token-receiver': { command: join(root, 'apps/receiver/bin/token-receiver'), args: ['run'], ready: /started/ },
    'token-refresh-sender': {
      command: join(root, 'apps/sender/bin/token-refresh-sender'),
      args: ['run', ...senderFlags(home, sandbox)],
      ready: /started/,
    },
    'token-refresh-sender, after refreshing': {
      command: join(root, 'apps/sender/bin/token-refresh-sender'),
      args: ['run', ...senderFlags(home, sandbox), '--refresh-interval=2s'],
      ready: /started/,
    },
  };
  const measured = new Map<string, Measured>();
  for (let round = -1; round < STARTS; round += 1) {
    for (const [name, { command, args, ready }] of Object.entries(programs)) {
      prepareHome(home, sandbox);
      const server = await startProcess(command, args, ready, { cwd: home, env: { XDG_RUNTIME_DIR: home } });
      const figures = measured.get(name) ?? { readyMs: [], residentMb: [], stopMs: [] };
      measured.set(name, figures);
      // Memory takes time to settle, so only some rounds wait for it.
      const patient = round >= 0 && round % 5 === 0;
      if (patient) {
        await sleep(IDLE_MS);
        figures.residentMb.push(server.residentMb());
      }
      const stopMs = await server.stop();
      if (round < 0) continue; // a warm-up
      figures.readyMs.push(server.readyMs);
      if (patient) figures.stopMs.push(stopMs);
    }
  }
  const bare = measured.get('bare Node process');
  const rows = [...measured].map(([name, figures]) => [
    name,
    (median(figures.readyMs) / median(bare?.readyMs ?? [])).toFixed(2),
    (median(figures.residentMb) / median(bare?.residentMb ?? [])).toFixed(2),
    median(figures.readyMs).toFixed(0),
    median(figures.residentMb).toFixed(1),
    name.startsWith('bare') ? '' : median(figures.stopMs).toFixed(0),
  ]);
  return table(['process', 'start ÷ bare', 'memory ÷ bare', 'start to READY, ms', 'idle memory, MB', 'stop, ms'], rows);
}

function senderFlags(home: string, sandbox: Sandbox): string[] {
  return [
    `--app-config=${join(home, 'app.yaml')}`,
    `--token-file=${join(home, 'tokens.json')}`,
    `--token-url=${sandbox.tokenUrl}`,
  ];
}

function prepareHome(home: string, sandbox: Sandbox): void {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { mode: 0o700 });
  const { appKey, appSecret } = sandbox.credentials;
  writeFileSync(join(home, 'app.yaml'), `app_key: ${appKey}\napp_secret: ${appSecret}\n`, { mode: 0o600 });
  sandbox.logIn();
  writeFileSync(join(home, 'tokens.json'), sandbox.tokenFileText());
  chmodSync(join(home, 'tokens.json'), 0o600);
}
