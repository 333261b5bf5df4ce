/** How long a cluster is without a leader: one that was killed, one that stopped, one that stepped down. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile, table } from '../figures.ts';
import type { Setting } from '../part.ts';
import { startReceiver } from '../receiver.ts';
import { makeHosts, type Host } from './hosts.ts';
import type { NatsServers } from './nats-servers.ts';

const NAMES = ['one', 'two', 'three'];
const PATIENCE_MS = 60_000;

const ENDS = ['killed', 'stopped', 'stepped down'] as const;
type End = (typeof ENDS)[number];

const WORDS: Readonly<Record<End, string>> = {
  killed: 'SIGKILL',
  stopped: 'SIGTERM, as systemd stops it',
  'stepped down': '`cluster step-down`',
};

export async function takeOvers(setting: Setting, nats: NatsServers): Promise<string> {
  const plans = setting.quick
    ? [{ leaseSeconds: 3, rounds: 1 }]
    : [
        { leaseSeconds: 3, rounds: 10 },
        { leaseSeconds: 9, rounds: 5 },
      ];
  const rows: string[][] = [];
  for (const plan of plans) {
    const { leaseSeconds } = plan;
    const timesMs = await measure(setting, nats, plan);
    for (const end of ENDS) {
      const times = timesMs.map((round) => round[end]);
      rows.push([
        WORDS[end],
        `${leaseSeconds} s`,
        ...[median(times), percentile(times, 1)].map((ms) => (ms / leaseSeconds / 1_000).toFixed(2)),
        ...[median(times), percentile(times, 1)].map((ms) => ms.toFixed(0)),
        end === 'killed' ? (percentile(times, 1) - leaseSeconds * 1_000).toFixed(0) : '',
      ]);
    }
  }
  const head = [
    'the leader',
    'lease',
    'p50 ÷ lease',
    'longest ÷ lease',
    'p50, ms',
    'the longest, ms',
    'the longest − lease, ms',
  ];
  return `${table(head, rows)}\n\nFrom the signal or the request until another host says that it leads, ${plans.map(({ rounds, leaseSeconds }) => `${rounds} times each with a lease of ${leaseSeconds} s`).join(', ')}; three hosts. A killed leader's lease ends by itself: others try when they have not heard of it for its life and up to a tenth of it more, and it was kept last up to a third of it before the kill. One that was given up is taken after up to a tenth of it. The default is 45 s, and a token has five minutes left when it is refreshed.`;
}

async function measure(
  setting: Setting,
  nats: NatsServers,
  { leaseSeconds, rounds }: { readonly leaseSeconds: number; readonly rounds: number },
): Promise<readonly Readonly<Record<End, number>>[]> {
  await using hosts = await makeHosts(setting, { ...nats, bucket: `lease_${leaseSeconds}`, leaseSeconds });
  const receiver = await startReceiver(setting);
  let leading = Promise.withResolvers<Host>();
  const start = async (name: string): Promise<Host> => {
    const host = await hosts.start(name, receiver.tokens);
    host.onLead(() => leading.resolve(host));
    return host;
  };
  const running = new Map<string, Host>();
  for (const name of NAMES) running.set(name, await start(name));
  // The first of them leads since its start.
  let leader = running.get(NAMES[0] ?? '');
  const timesMs: Record<End, number>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const times: Record<End, number> = { killed: NaN, stopped: NaN, 'stepped down': NaN };
    for (const end of ENDS) {
      // At any moment between two keepings of the lease.
      await sleep(Math.random() * (leaseSeconds / 3) * 1_000);
      if (leader === undefined) throw new Error('nobody leads');
      leading = Promise.withResolvers<Host>();
      const startedAt = performance.now();
      const ended = finish(leader, end);
      const late = sleep(PATIENCE_MS, undefined, { ref: false });
      const next = await Promise.race([leading.promise, late]);
      if (next === undefined) throw new Error(`nobody leads ${PATIENCE_MS / 1_000} s after the leader ${end}`);
      times[end] = performance.now() - startedAt;
      await ended;
      if (end !== 'stepped down') running.set(leader.name, await start(leader.name));
      leader = next;
    }
    timesMs.push(times);
  }
  for (const { sender } of running.values()) await sender.stop();
  await receiver.stop();
  return timesMs;
}

async function finish({ sender, post }: Host, end: End): Promise<void> {
  switch (end) {
    case 'killed': {
      const gone = once(sender.child, 'exit');
      sender.child.kill('SIGKILL');
      await gone;
      return;
    }
    case 'stopped':
      await sender.stop();
      return;
    case 'stepped down': {
      const status = await post('/v1/cluster/step-down');
      if (status !== 200) throw new Error(`step-down was answered with ${status}`);
    }
  }
}
