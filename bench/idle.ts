/** What daemons cost while nothing happens: processor time, wakeups and memory, beside a Node process that does nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from './figures.ts';
import { startBare, startPair, startServices, type Idler } from './idlers.ts';
import { startCrowd } from './load/crowd.ts';
import type { Findings, Setting } from './part.ts';
import type { ServerProcess } from './server-process.ts';

const MINUTE_MS = 60_000;
/** A start leaves work behind, such as V8's. */
const SETTLE_MS = 10_000;
const WAKEUPS_A_MINUTE = 10;

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
  const before = idlers.map(({ process }) => read(process));
  const startedAt = performance.now();
  return {
    end: async () => {
      const minutes = (performance.now() - startedAt) / MINUTE_MS;
      const costs = idlers.map((idler, index) => costOf(idler, before[index], minutes));
      await reader.stop();
      for (const { process } of [...idlers, followed.sender]) await process.stop();
      for (const { systemd } of [services, followed]) await systemd.stop();
      return {
        text: `${costsTable(costs)}\n\nIdle for ${minutes.toFixed(1)} minutes, with a token that is not due. Wakeups: what /proc counts as context switches, voluntary and not, of all threads. As its unit runs it: with the unit's flags and its watchdog, which asks for two signs of life in \`WatchdogSec\`.`,
        goals: costs
          .filter(({ name }) => judged.some((idler) => idler.name === name))
          .map(({ name, wakeups }) => ({
            figure: `idle, wakeups a minute: ${name}`,
            rule: 'under' as const,
            limit: WAKEUPS_A_MINUTE,
            measured: wakeups,
          })),
      };
    },
  };
}

interface Cost {
  readonly name: string;
  /** A minute. */
  readonly wakeups: number;
  /** A minute. */
  readonly processorMs: number;
  readonly residentMb: number;
}

function costOf({ name, process }: Idler, then: Reading | undefined, minutes: number): Cost {
  const now = read(process);
  return {
    name,
    wakeups: (now.switches - (then?.switches ?? Number.NaN)) / minutes,
    processorMs: (now.processorMs - (then?.processorMs ?? Number.NaN)) / minutes,
    residentMb: now.residentMb,
  };
}

function costsTable(costs: readonly Cost[]): string {
  const bareMb = costs[0]?.residentMb ?? Number.NaN;
  return table(
    ['process', 'memory ÷ bare', 'wakeups a minute', 'processor, ms a minute', 'memory, MB'],
    costs.map(({ name, wakeups, processorMs, residentMb }) => [
      name,
      (residentMb / bareMb).toFixed(2),
      wakeups.toFixed(1),
      processorMs.toFixed(1),
      residentMb.toFixed(1),
    ]),
  );
}

type Reading = Omit<Cost, 'name' | 'wakeups'> & { readonly switches: number };

function read({ switches, processorMs, residentMb }: ServerProcess): Reading {
  return { switches: switches(), processorMs: processorMs(), residentMb: residentMb() };
}
