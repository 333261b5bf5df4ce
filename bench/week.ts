/** The refreshes of a week, one a second: how soon each new token is with the applications, and what becomes of memory. Meanwhile others idle. */
import { startSandbox } from '@token-relay/schwab-sandbox';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { firstAfter, watchAnswers } from './answers.ts';
import { fileSystemOf, saveAlone } from './disk.ts';
import { median, percentile, table } from './figures.ts';
import { startIdle } from './idle.ts';
import { startCrowd } from './load/crowd.ts';
import type { Findings, Part, Setting } from './part.ts';
import { startReceiver } from './receiver.ts';
import { makeSenderHome } from './sender-home.ts';
import { startProcess, type ServerProcess } from './server-process.ts';

/** 7 days, one refresh in 25 minutes. */
const REFRESHES_OF_A_WEEK = 403;
/** Ours comes between two refreshes, so that none of them waits for the disk because of it. */
const HALF_A_ROUND_MS = 500;

export const week: Part = {
  title: "A week in seven minutes: from Schwab's answer to the application's new token, memory, and daemons that idle",
  measure,
};

async function measure(setting: Setting): Promise<Findings> {
  const refreshes = setting.quick ? 6 : REFRESHES_OF_A_WEEK;
  const idle = await startIdle(setting);
  const journey = await follow(setting, refreshes);
  const { text, goals } = await idle.end();
  const { toReaderMs, toClientMs, savesMs, syncsMs } = journey;
  const row = (name: string, values: readonly number[]) => [
    name,
    ...[median(values), percentile(values, 0.99), percentile(values, 1)].map((ms) => ms.toFixed(2)),
    String(values.length),
  ];
  const rows = [
    row('to a reader of the events', toReaderMs),
    row("to the client's `onToken`, in another process", toClientMs),
    row('a save alone: write, fsync, rename, fsync of the folder', savesMs),
    row('of it: the fsync of the file', syncsMs),
  ];
  const answered = `${refreshes} refreshes, one a second, the save of the token file among what is measured, from just before the last byte leaves the sandbox. The saves alone are taken half-way between two refreshes, on the same ${fileSystemOf(setting.folder)}.`;
  return {
    text: `${table(['from the answer', 'p50, ms', 'p99, ms', 'the longest, ms', 'measured'], rows)}\n\n${answered}\n\n${journey.memory}\n\n${text}`,
    goals: [
      ...([50, 99] as const).map((percent) => ({
        figure: `from Schwab's answer to the application, p${percent}`,
        rule: 'at most' as const,
        limit: 5,
        unit: 'ms',
        measured: percentile(toClientMs, percent / 100),
      })),
      ...journey.growth.map(({ name, ratio }) => ({
        figure: `memory after a week ÷ after half of it: ${name}`,
        rule: 'at most' as const,
        limit: 1.05,
        measured: ratio,
      })),
      ...goals,
    ],
  };
}

async function follow(setting: Setting, refreshes: number) {
  const { folder, root, programs } = setting;
  const home = join(mkdtempSync(join(folder, 'week-')), 'home');
  await using sandbox = await startSandbox();
  using answers = watchAnswers();
  const receiver = await startReceiver(setting);
  const flags = ['run', ...makeSenderHome(home, sandbox), '--refresh-interval=1s', `--socket-path=${receiver.tokens}`];
  const sender = await startProcess(join(root, 'apps/sender/bin/token-refresh-sender'), flags, /started/, {
    cwd: home,
    env: { XDG_RUNTIME_DIR: home },
  });
  const application = await startProcess(
    process.execPath,
    ['--conditions=source', join(root, 'bench/application-process.ts'), receiver.api],
    /ready/,
    { cwd: home },
  );
  const toldClientUs: number[] = [];
  application.onLine((line) => toldClientUs.push(Number(line)));
  const crowd = startCrowd(programs.crowd, receiver.api, 1, 'readers');
  const toldReaderUs = [...(await crowd.received())];

  const first = answers.atUs.length;
  const daemons: readonly Watched[] = [
    { name: 'token-receiver', process: receiver, residentMb: [] },
    { name: 'token-refresh-sender', process: sender, residentMb: [] },
  ];
  const saves: { readonly saveMs: number; readonly syncMs: number }[] = [];
  for (let count = 1; count <= refreshes; count += 1) {
    await answers.reached(first + count);
    toldReaderUs.push(...(await crowd.received()));
    await sleep(HALF_A_ROUND_MS);
    saves.push(saveAlone(home, sandbox.tokenFileText()));
    for (const { process, residentMb } of daemons) residentMb.push(process.residentMb());
  }
  await crowd.stop();
  for (const { stop } of [application, sender, receiver]) await stop();

  const ofWeek = answers.atUs.slice(first, first + refreshes);
  const delaysMs = (toldUs: readonly number[]) =>
    firstAfter(ofWeek, toldUs).map((atUs, index) => (atUs - (ofWeek[index] ?? Number.NaN)) / 1_000);
  return {
    toReaderMs: delaysMs(toldReaderUs),
    toClientMs: delaysMs(toldClientUs),
    savesMs: saves.map(({ saveMs }) => saveMs),
    syncsMs: saves.map(({ syncMs }) => syncMs),
    ...describeMemory(daemons, refreshes),
  };
}

interface Watched {
  readonly name: string;
  readonly process: ServerProcess;
  /** After each refresh. */
  readonly residentMb: number[];
}

function describeMemory(daemons: readonly Watched[], refreshes: number) {
  const courses = daemons.map(({ name, residentMb }) => ({
    name,
    atMb: [0.1, 0.5, 1].map((part) => residentMb[Math.max(0, Math.round(residentMb.length * part) - 1)]),
  }));
  const rows = courses.map(({ name, atMb: [tenth = NaN, half = NaN, end = NaN] }) => [
    name,
    (end / half).toFixed(2),
    ...[tenth, half, end].map((mb) => mb.toFixed(1)),
  ]);
  const head = ['daemon', 'at the end ÷ half-way', 'MB after 10 %', 'MB after 50 %', 'MB after 100 %'];
  return {
    memory: `${table(head, rows)}\n\nMemory in the course of these ${refreshes} refreshes, those of a week with the default of 25 minutes.`,
    growth: courses.map(({ name, atMb: [, half = NaN, end = NaN] }) => ({ name, ratio: end / half })),
  };
}
