/** What a sender's refresh costs as its targets become more. */
import { startSandbox } from '@token-relay/schwab-sandbox';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstAfter, watchAnswers } from './answers.ts';
import { median, percentile, table } from './figures.ts';
import type { Findings, Part, Setting } from './part.ts';
import { makeSenderHome } from './sender-home.ts';
import { startProcess } from './server-process.ts';

const WARM_UP = 3;

export const targets: Part = {
  title: "Targets: from Schwab's answer until a sender has delivered the new token to all of them",
  measure,
};

async function measure(setting: Setting): Promise<Findings> {
  const [refreshes, counts] = setting.quick ? [2, [1, 100]] : [20, [1, 10, 100]];
  const rows: string[][] = [];
  for (const count of counts) {
    const { delaysMs, processorMs, residentMb } = await measureTargets(setting, count, refreshes);
    rows.push([
      String(count),
      median(delaysMs).toFixed(2),
      percentile(delaysMs, 1).toFixed(2),
      processorMs.toFixed(2),
      residentMb.toFixed(1),
    ]);
  }
  const head = ['targets', 'p50, ms', 'the longest, ms', "sender's processor time a refresh, ms", 'memory, MB'];
  return {
    text: `${table(head, rows)}\n\n${refreshes} refreshes each, one a second, the save included. The targets are the bare C server, with a socket for each.`,
  };
}

async function measureTargets({ folder, root, programs }: Setting, count: number, refreshes: number) {
  const own = mkdtempSync(join(folder, 'targets-'));
  const home = join(own, 'home');
  await using sandbox = await startSandbox();
  using answers = watchAnswers();
  const flags = makeSenderHome(home, sandbox);
  const paths = Array.from({ length: count }, (_, index) => join(own, `${index}.sock`));
  const config = join(home, 'sender.yaml');
  const list = paths.map((path, index) => `  - { name: target-${index}, unix: ${path} }\n`);
  writeFileSync(config, `targets:\n${list.join('')}`, { mode: 0o600 });

  const toldAllUs: number[] = [];
  const all = await startProcess(programs.bare, ['targets', ...paths], /ready/, { cwd: own });
  all.onLine((line) => toldAllUs.push(Number(BigInt(line)) / 1_000));
  const sender = await startProcess(
    join(root, 'apps/sender/bin/token-refresh-sender'),
    ['run', ...flags, `--config=${config}`, '--refresh-interval=1s'],
    /started/,
    { cwd: home, env: { XDG_RUNTIME_DIR: home } },
  );
  await answers.reached(WARM_UP);
  const processorMs = sender.processorMs();
  // One more, because the last is still on its way when its answer is here.
  await answers.reached(WARM_UP + refreshes + 1);
  const figures = {
    processorMs: (sender.processorMs() - processorMs) / (refreshes + 1),
    residentMb: sender.residentMb(),
  };
  await sender.stop();
  await all.stop();
  const answersUs = answers.atUs.slice(WARM_UP, WARM_UP + refreshes);
  const delaysMs = firstAfter(answersUs, toldAllUs).map(
    (atUs, index) => (atUs - (answersUs[index] ?? Number.NaN)) / 1_000,
  );
  return { ...figures, delaysMs };
}
