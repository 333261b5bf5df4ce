/** One login for many hosts: how soon all have the token, how soon another leads, and what it costs when nothing happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Findings, Part, Setting } from '../part.ts';
import { startIdleHosts } from './idle-hosts.ts';
import { toApplications, toCrowds } from './journeys.ts';
import { startNats } from './nats-servers.ts';
import { takeOvers } from './take-overs.ts';

/** Long enough for a sign of life to have come some times from each host. */
const LEAST_IDLE_MS = 180_000;

export const cluster: Part = {
  title: 'A cluster on three servers of NATS: one host refreshes, the others have the token from it',
  measure,
};

async function measure(setting: Setting): Promise<Findings> {
  const idle = await startIdleHosts(setting);
  const idleUntil = sleep(setting.quick ? 1_000 : LEAST_IDLE_MS);
  await using nats = await startNats(setting.folder);
  const texts = [await toApplications(setting, nats), await toCrowds(setting, nats), await takeOvers(setting, nats)];
  await idleUntil;
  return { text: [...texts, await idle.end()].join('\n\n') };
}
