/** Start to READY, idle memory and stop, of both daemons beside a Node process that does nothing. */
import { startSandbox } from '@token-relay/schwab-sandbox';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, table } from './figures.ts';
import type { Goal } from './goals.ts';
import type { Findings, Part, Setting } from './part.ts';
import { makeSenderHome, makeTokenDue } from './sender-home.ts';
import { startProcess } from './server-process.ts';

/** Memory takes time to settle, so only every so many rounds wait for it. */
const PATIENT_EVERY = 4;
const BARE = 'bare Node process';
const REFRESHED = 'token-refresh-sender, after refreshing';

export const footprint: Part = {
  title: 'Footprint: each daemon as it is deployed, bundled, with its log file',
  measure,
};

interface Measured {
  readonly readyMs: number[];
  readonly residentMb: number[];
  readonly ownMb: number[];
  readonly stopMs: number[];
}

async function measure({ folder, root, quick }: Setting): Promise<Findings> {
  const [starts, idleMs] = quick ? [1, 1_500] : [20, 5_000];
  await using sandbox = await startSandbox();
  const home = join(folder, 'home');
  const sender = join(root, 'apps/sender/bin/token-refresh-sender');
  const senderFlags = makeSenderHome(home, sandbox);
  const programs: Record<string, { command: string; args: string[]; ready: RegExp }> = {
    [BARE]: { command: process.execPath, args: [join(root, 'bench/servers/bare-process.cjs')], ready: /ready/ },
    'token-receiver': { command: join(root, 'apps/receiver/bin/token-receiver'), args: ['run'], ready: /started/ },
    'token-refresh-sender': { command: sender, args: ['run', ...senderFlags], ready: /started/ },
    [REFRESHED]: { command: sender, args: ['run', ...senderFlags], ready: /started/ },
  };
  const measured = new Map<string, Measured>();
  for (let round = -1; round < starts; round += 1) {
    for (const [name, { command, args, ready }] of Object.entries(programs)) {
      makeSenderHome(home, sandbox);
      if (name === REFRESHED) makeTokenDue(home);
      const server = await startProcess(command, args, ready, { cwd: home, env: { XDG_RUNTIME_DIR: home } });
      const figures = measured.get(name) ?? { readyMs: [], residentMb: [], ownMb: [], stopMs: [] };
      measured.set(name, figures);
      const patient = round >= 0 && round % PATIENT_EVERY === 0;
      if (patient) {
        await sleep(idleMs);
        figures.residentMb.push(server.residentMb());
        figures.ownMb.push(server.ownMb());
      }
      const stopMs = await server.stop();
      if (round < 0) continue; // a warm-up
      figures.readyMs.push(server.readyMs);
      if (patient) figures.stopMs.push(stopMs);
    }
  }
  const ratio = (name: string, figure: 'readyMs' | 'residentMb') =>
    median(measured.get(name)?.[figure] ?? []) / median(measured.get(BARE)?.[figure] ?? []);
  const rows = [...measured].map(([name, figures]) => [
    name,
    ratio(name, 'readyMs').toFixed(2),
    ratio(name, 'residentMb').toFixed(2),
    median(figures.readyMs).toFixed(0),
    median(figures.residentMb).toFixed(1),
    median(figures.ownMb).toFixed(1),
    median(figures.stopMs).toFixed(0),
  ]);
  const ratios = ['start ÷ bare', 'memory ÷ bare'];
  const head = ['process', ...ratios, 'start to READY, ms', 'idle memory, MB', 'of it its own, MB', 'stop, ms'];
  const patientRounds = measured.get(BARE)?.residentMb.length ?? 0;
  return {
    text: `${table(head, rows)}\n\nMedians of ${starts} starts, in turn; memory and stop after ${idleMs / 1_000} s of ${patientRounds} of them. From the spawn to the line that says \`started\`, the shell script that is the command included; the second start of a build, which finds V8's work on the code kept beside the bundle. The last one refreshes once, at its start. Memory is what is resident; what is not a process's own are pages of files, such as Node's program, that every process which runs it shares.`,
    goals: goals(measured, ratio),
  };
}

function goals(
  measured: ReadonlyMap<string, Measured>,
  ratio: (name: string, figure: 'readyMs' | 'residentMb') => number,
): Goal[] {
  const daemons = [...measured.keys()].filter((name) => name !== BARE);
  const atMost = (figure: string, limit: number, value: number, unit?: string): Goal => ({
    figure,
    rule: 'at most',
    limit,
    measured: value,
    ...(unit === undefined ? {} : { unit }),
  });
  return [
    ...daemons
      .filter((name) => name !== REFRESHED)
      .map((name) => atMost(`start to READY ÷ bare Node process: ${name}`, 3, ratio(name, 'readyMs'))),
    ...daemons.map((name) => atMost(`idle memory ÷ bare Node process: ${name}`, 1.35, ratio(name, 'residentMb'))),
    ...daemons.map((name) => atMost(`stop when idle: ${name}`, 100, median(measured.get(name)?.stopMs ?? []), 'ms')),
  ];
}
