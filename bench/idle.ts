/** What daemons cost while nothing happens: processor time, wakeups and memory, beside a Node process that does nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Goal } from './goals.ts';
import { costsTable, watchIdle, type Cost } from './idle-costs.ts';
import { startBare, startPair, startServices } from './idlers.ts';
import { startCrowd } from './load/crowd.ts';
import type { Findings, Part, Setting } from './part.ts';

/** A start leaves work behind: half a minute after it V8 collects twice, with all of its threads. */
const SETTLE_MS = 40_000;
const WAKEUPS_A_MINUTE = 10;
const MEMORY_BESIDE_BARE = 1.35;
/** Where nothing else takes its time meanwhile. */
const ALONE_MS = 150_000;

export const idle: Part = {
  title: 'Idle',
  isExtra: true,
  measure: async (setting) => {
    const idlers = await startIdle(setting);
    await sleep(setting.quick ? 1_000 : ALONE_MS);
    return idlers.end();
  },
};

/** Starts them; they idle until `end`, which resolves with what that cost them. */
export async function startIdle(setting: Setting): Promise<{ readonly end: () => Promise<Required<Findings>> }> {
  const bare = await startBare(setting);
  const pair = await startPair(setting);
  const services = await startServices(setting);
  const followed = await startServices(setting);
  const reader = startCrowd(setting.programs.crowd, followed.api, 1, 'readers');
  await reader.received();
  const judged = [pair.receiver, pair.sender, services.receiver, services.sender];
  const withReader = {
    ...followed.receiver,
    name: `${followed.receiver.name}, and one application follows its events`,
  };
  const idlers = [bare, ...judged, withReader];

  await sleep(setting.quick ? 100 : SETTLE_MS);
  const endOf = watchIdle(idlers);
  return {
    end: async () => {
      const { costs, minutes } = endOf();
      await reader.stop();
      for (const { process } of [...idlers, followed.sender]) await process.stop();
      for (const { systemd } of [services, followed]) await systemd.stop();
      return {
        text: `${costsTable(costs, 'bare')}\n\nIdle for ${minutes.toFixed(1)} minutes, with a token that is not due. Wakeups: how often a thread, of all threads, went to sleep (voluntary context switches in /proc); preempted: how often one had to make room for other programs, which is the machine's doing. As its unit runs it: with the unit's flags and its watchdog, which asks for two signs of life in \`WatchdogSec\`.`,
        goals: goals(
          costs.filter(({ name }) => judged.some((idler) => idler.name === name)),
          costs[0]?.residentMb ?? Number.NaN,
        ),
      };
    },
  };
}

function goals(costs: readonly Cost[], bareMb: number): readonly Goal[] {
  return [
    ...costs.map(({ name, wakeups }) => ({
      figure: `idle, wakeups a minute: ${name}`,
      rule: 'under' as const,
      limit: WAKEUPS_A_MINUTE,
      measured: wakeups,
    })),
    ...costs.map(({ name, residentMb }) => ({
      figure: `idle for minutes, memory ÷ bare Node process: ${name}`,
      rule: 'at most' as const,
      limit: MEMORY_BESIDE_BARE,
      measured: residentMb / bareMb,
    })),
  ];
}
