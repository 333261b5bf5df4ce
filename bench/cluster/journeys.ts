/** From Schwab's answer on the leader: to an application there, to one on a follower, and to crowds of followers. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchAnswers } from '../answers.ts';
import { median, percentile, table } from '../figures.ts';
import { startCrowd } from '../load/crowd.ts';
import type { Setting } from '../part.ts';
import { startReceiver } from '../receiver.ts';
import { startProcess, type ServerProcess } from '../server-process.ts';
import { makeHosts } from './hosts.ts';
import type { NatsServers } from './nats-servers.ts';

const WARM_UP = 3;
/** The sender asks Schwab no more than once a second. */
const PACE_MS = 1_100;
const LEASE_SECONDS = 45;
/** The default, so that nothing but the journey happens meanwhile. */
const PATIENCE_MS = 60_000;

/** A real follower beside the leader, each with a receiver and a reader of its events. */
export async function toApplications(setting: Setting, nats: NatsServers): Promise<string> {
  const refreshes = setting.quick ? 2 : 150;
  await using hosts = await makeHosts(setting, { ...nats, bucket: 'applications', leaseSeconds: LEASE_SECONDS });
  using answers = watchAnswers();
  const receivers = [await startReceiver(setting), await startReceiver(setting)] as const;
  const leader = await hosts.start('leader', receivers[0].tokens);
  const follower = await hosts.start('follower', receivers[1].tokens);
  const readers = receivers.map(({ api }) => startCrowd(setting.programs.crowd, api, 1, 'readers'));
  for (const reader of readers) await reader.received();
  const delays: { readonly leaderMs: number; readonly followerMs: number }[] = [];
  for (let count = -WARM_UP; count < refreshes; count += 1) {
    const pace = sleep(PACE_MS);
    await leader.post('/v1/refresh');
    const [leaderMs = NaN, followerMs = NaN] = (await Promise.all(readers.map((reader) => reader.received()))).map(
      ([atUs = NaN]) => (atUs - (answers.atUs.at(-1) ?? NaN)) / 1_000,
    );
    if (count >= 0) delays.push({ leaderMs, followerMs });
    await pace;
  }
  for (const reader of readers) await reader.stop();
  for (const { stop } of [follower.sender, leader.sender, ...receivers]) await stop();
  const own = delays.map(({ leaderMs }) => leaderMs);
  const figures = (values: readonly number[]) =>
    [median(values), percentile(values, 0.99), percentile(values, 1)].map((ms) => ms.toFixed(2));
  const ratios = (values: readonly number[]) =>
    [0.5, 0.99].map((fraction) => (percentile(values, fraction) / percentile(own, fraction)).toFixed(2));
  const onFollower = delays.map(({ followerMs }) => followerMs);
  const between = delays.map(({ leaderMs, followerMs }) => followerMs - leaderMs);
  const rows = [
    ["to a reader of the events on the leader's host", ...ratios(own), ...figures(own)],
    ['to one on the host of a follower', ...ratios(onFollower), ...figures(onFollower)],
    ['by how much it is later there', '', '', ...figures(between)],
  ];
  const head = ['from the answer', "p50 ÷ leader's", "p99 ÷ leader's", 'p50, ms', 'p99, ms', 'the longest, ms'];
  return `${table(head, rows)}\n\n${refreshes} refreshes, each when the one before was with both. A follower opens what the leader sealed, and saves it to its own token file before it delivers it. All on one machine, with three servers of NATS and every bucket on each of them: a network adds what it takes to cross it three times.`;
}

/** More and more followers without a daemon around them, beside a real leader. */
export async function toCrowds(setting: Setting, nats: NatsServers): Promise<string> {
  const [refreshes, counts, idleMs] = setting.quick ? [2, [1, 50], 100] : [20, [1, 10, 50, 200], 25_000];
  const rows: string[][] = [];
  for (const count of counts) {
    const { delaysMs, lastMs, leaderMs, serversMs, idleServersMs } = await toCrowd(setting, nats, count, {
      refreshes,
      idleMs,
    });
    rows.push([
      String(count),
      ...[percentile(delaysMs, 0.5), percentile(delaysMs, 0.99), median(lastMs), percentile(lastMs, 1)].map((ms) =>
        ms.toFixed(2),
      ),
      leaderMs.toFixed(2),
      serversMs.toFixed(2),
      ((idleServersMs / idleMs) * 60_000).toFixed(0),
    ]);
  }
  const head = ['followers', 'p50, ms', 'p99, ms', 'the last, ms', 'the last in the worst round, ms'];
  const processor = ["leader's processor, ms a refresh", "servers' processor, ms a refresh", 'idle, ms a minute'];
  return `${table([...head, ...processor], rows)}\n\nFrom the answer on until a follower holds the token; ${refreshes} refreshes each. The leader is a real sender, its save and its publication among what is measured; the followers have a connection, a watch and the keys each, and are all in one process, so that the last waits for all the others' opening. The servers' processor time is that of the three together; idle: while nothing is refreshed, but all say that they are there.`;
}

async function toCrowd(
  setting: Setting,
  nats: NatsServers,
  count: number,
  { refreshes, idleMs }: { readonly refreshes: number; readonly idleMs: number },
) {
  const bucket = `crowd_${count}`;
  await using hosts = await makeHosts(setting, { ...nats, bucket, leaseSeconds: LEASE_SECONDS });
  using answers = watchAnswers();
  const receiver = await startReceiver(setting);
  const leader = await hosts.start('leader', receiver.tokens);
  const followers = await startFollowers(setting, [nats.addresses.join(','), bucket, String(count), hosts.keyFile]);
  const delaysMs: number[] = [];
  const lastMs: number[] = [];
  const leaderMs: number[] = [];
  const serversMs: number[] = [];
  for (let round = -WARM_UP; round < refreshes; round += 1) {
    const pace = sleep(PACE_MS);
    const before = { leaderMs: leader.sender.processorMs(), serversMs: nats.processorMs() };
    await leader.post('/v1/refresh');
    const delays = (await followers.received()).map((atUs) => (atUs - (answers.atUs.at(-1) ?? NaN)) / 1_000);
    if (round >= 0) {
      delaysMs.push(...delays);
      lastMs.push(percentile(delays, 1));
      leaderMs.push(leader.sender.processorMs() - before.leaderMs);
      serversMs.push(nats.processorMs() - before.serversMs);
    }
    await pace;
  }
  const beforeIdleMs = nats.processorMs();
  await sleep(idleMs);
  const idleServersMs = nats.processorMs() - beforeIdleMs;
  for (const { stop } of [followers.process, leader.sender, receiver]) await stop();
  return { delaysMs, lastMs, leaderMs: median(leaderMs), serversMs: median(serversMs), idleServersMs };
}

async function startFollowers({ folder, root }: Setting, args: readonly string[]) {
  const process_ = await startProcess(
    process.execPath,
    ['--conditions=source', join(root, 'bench/cluster/followers-process.ts'), ...args],
    /ready/,
    { cwd: folder },
  );
  return { process: process_, received: nextLine(process_) };
}

/** Resolves with when each of them had the next token. */
function nextLine(followers: ServerProcess): () => Promise<readonly number[]> {
  const lines: string[] = [];
  let tell = Promise.withResolvers<undefined>();
  followers.onLine((line) => {
    lines.push(line);
    tell.resolve(undefined);
    tell = Promise.withResolvers<undefined>();
  });
  return async () => {
    const late = sleep(PATIENCE_MS, 'late', { ref: false });
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return line.split(' ').map(Number);
      if ((await Promise.race([tell.promise, late])) !== undefined) throw new Error('a follower never had the token');
    }
  };
}
