/** What a cluster costs while nothing happens: what goes over the network, and what a sender has to do beside one that is in none. */
import { startSandbox } from '@token-relay/schwab-sandbox';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { table } from '../figures.ts';
import { costsTable, watchIdle } from '../idle-costs.ts';
import { readUnit } from '../idlers.ts';
import type { Setting } from '../part.ts';
import { startReceiver } from '../receiver.ts';
import { makeSenderHome } from '../sender-home.ts';
import { startProcess } from '../server-process.ts';
import { makeHosts, senderCommand } from './hosts.ts';
import { startNats, type NatsServers, type Traffic } from './nats-servers.ts';

/** A start leaves work behind, as V8 collects garbage half a minute after it. */
const SETTLE_MS = 40_000;
const LEASE_SECONDS = 45;

/** Starts servers and senders of their own, which idle until `end`; that resolves with what it cost. */
export async function startIdleHosts(setting: Setting): Promise<{ readonly end: () => Promise<string> }> {
  const nats = await startNats(setting.folder);
  const receiver = await startReceiver(setting);
  const hosts = await makeHosts(setting, { ...nats, bucket: 'idle', leaseSeconds: LEASE_SECONDS });
  const leader = await hosts.start('leader', receiver.tokens);
  const follower = await hosts.start('follower', receiver.tokens);
  const { nodeFlags } = readUnit(join(setting.root, 'systemd/system/token-refresh-sender.service'));
  const service = await hosts.start('follower-as-a-service', receiver.tokens, nodeFlags);
  const single = await startSingle(setting, receiver.tokens);
  const singleService = await startSingle(setting, receiver.tokens, nodeFlags);
  // Nobody who idles asks it for anything.
  await hosts[Symbol.asyncDispose]();
  await sleep(setting.quick ? 100 : SETTLE_MS);

  const endOf = watchIdle([
    { name: 'a sender in no cluster', process: single },
    { name: 'leads', process: leader.sender },
    { name: 'follows', process: follower.sender },
    { name: 'in no cluster, with the flags of its unit', process: singleService },
    { name: 'follows, with the flags of its unit', process: service.sender },
  ]);
  const names = [leader, follower, service].map(({ name }) => name);
  const before = await trafficNow(nats, names);
  const processorMs = nats.processorMs();
  return {
    end: async () => {
      const { costs, minutes } = endOf();
      const after = await trafficNow(nats, names);
      const serversMs = (nats.processorMs() - processorMs) / minutes;
      for (const { sender } of [service, follower, leader]) await sender.stop();
      for (const { stop } of [single, singleService, receiver]) await stop();
      await nats[Symbol.asyncDispose]();
      const scale = { names, before, after, minutes };
      return `${costsTable(costs, 'in no cluster')}\n\nIdle for ${minutes.toFixed(1)} minutes, with a token that is not due and a lease of ${LEASE_SECONDS} s. Wakeups: how often a thread went to sleep (voluntary context switches in /proc); preempted: how often one had to make room for other programs. The three servers of NATS took ${serversMs.toFixed(0)} ms of processor time a minute together.\n\n${trafficTable(scale)}\n\nWhat the servers counted on the connection of each host (/connz, and /routez between them) in these ${minutes.toFixed(1)} minutes, scaled to an hour; payloads with their headers, without what TCP, TLS and pings add.`;
    },
  };
}

async function startSingle({ folder, root }: Setting, socketPath: string, nodeFlags?: readonly string[]) {
  await using sandbox = await startSandbox();
  const home = join(mkdtempSync(join(folder, 'single-')), 'home');
  const flags = makeSenderHome(home, sandbox);
  const args = ['run', ...flags, `--socket-path=${socketPath}`, '--log-file=none'];
  const [program, programArgs] = senderCommand(root, args, nodeFlags);
  return await startProcess(program, programArgs, /Token delivered/, { cwd: home, env: { XDG_RUNTIME_DIR: home } });
}

interface TrafficReading {
  readonly hosts: readonly Traffic[];
  readonly between: { readonly messages: number; readonly bytes: number };
}

async function trafficNow(nats: NatsServers, names: readonly string[]): Promise<TrafficReading> {
  return { hosts: await Promise.all(names.map(nats.trafficOf)), between: await nats.trafficBetween() };
}

interface Scale {
  readonly names: readonly string[];
  readonly before: TrafficReading;
  readonly after: TrafficReading;
  readonly minutes: number;
}

function trafficTable({ names, before, after, minutes }: Scale): string {
  const anHour = (now = NaN, then = NaN) => ((now - then) / minutes) * 60;
  const inKb = (bytes: number) => (bytes / 1_000).toFixed(1);
  const rows = names.map((name, index) => {
    const [then, now] = [before.hosts[index], after.hosts[index]];
    const of = (figure: keyof Traffic) => anHour(now?.[figure], then?.[figure]);
    return [name, of('inMessages').toFixed(0), of('outMessages').toFixed(0), inKb(of('inBytes')), inKb(of('outBytes'))];
  });
  const of = (figure: 'messages' | 'bytes') => anHour(after.between[figure], before.between[figure]);
  const between = ['between the three servers, in all', of('messages').toFixed(0), '', inKb(of('bytes')), ''];
  return table(
    ['host', 'messages an hour from it', 'messages an hour to it', 'kB an hour from it', 'kB an hour to it'],
    [...rows, between],
  );
}
