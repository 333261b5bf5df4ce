/** A leader that reaches the cluster's store and not Schwab: the commonest fault of one host's network. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { freePorts, NatsServer, Road } from './nats-servers.ts';
import { Bench, type Program } from './processes.ts';

const KEY = 'a1'.repeat(32);

/** A host of the cluster; its way to Schwab is its own. */
async function start(bench: Bench, name: string, { server, schwab }: { server: NatsServer; schwab: string }) {
  await bench.write('cluster.key', `${KEY}\n`, 0o600);
  const lines = [`servers: ["127.0.0.1:${server.port}"]`, `host: ${name}`, 'lease: 15s', 'keys: [cluster.key]'];
  await bench.write('sender.yaml', `cluster:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  const flags = [`--token-url=http://${schwab}/v1/oauth/token`, '--http-timeout=1s', '--refresh-interval=5s'];
  return bench.sender(`--config=${bench.path('sender.yaml')}`, ...flags);
}

const fingerprint = ({ token }: { token: Record<string, unknown> }): string =>
  createHash('sha256').update(String(token['access_token'])).digest('hex');
const refreshes = (sender: Program): number => sender.count(/Token refreshed successfully/);

test('A leader that cannot reach Schwab for a minute lets another lead, and has its tokens from there', async () => {
  await using server = await NatsServer.start();
  await using alpha = await Bench.make();
  await using beta = await Bench.make();
  await using alphasWay = await Road.to(Number(new URL(alpha.sandbox.tokenUrl).port));
  await rm(beta.tokenFile);
  await beta.writeAppConfig(alpha.sandbox.credentials);

  const first = await start(alpha, 'alpha', { server, schwab: alphasWay.address });
  await first.line(/this host leads/);
  const second = await start(beta, 'beta', { server, schwab: new URL(alpha.sandbox.tokenUrl).host });
  await second.line(/alpha leads/);
  const [nowhere = 0] = await freePorts(1);
  alphasWay.lead(nowhere);
  await first.line(/WARN: Token refresh failed/);
  const refreshedByFirst = refreshes(first);

  // It waits for a minute first: another host may well meet the same.
  await expect
    .poll(() => first.count(/this host cannot refresh just now, and lets another lead/), { timeout: 90_000 })
    .toBe(1);
  await second.line(/this host leads/);
  await second.line(/Token refreshed successfully/);
  await first.line(/beta leads/);
  // What beta has made comes to alpha's own file; beta goes on refreshing, so that they may be one apart at a glance.
  await expect
    .poll(async () => fingerprint(await alpha.tokens()) === fingerprint(await beta.tokens()), { timeout: 20_000 })
    .toBe(true);

  // With its way to Schwab back, it goes on following.
  alphasWay.lead(Number(new URL(alpha.sandbox.tokenUrl).port));
  const refreshedBySecond = refreshes(second);
  await second.until('one more refresh', () => (refreshes(second) > refreshedBySecond ? true : undefined));
  expect(refreshes(first)).toBe(refreshedByFirst);
  expect((await first.stop()).code).toBe(0);
  expect((await second.stop()).code).toBe(0);
}, 180_000);
