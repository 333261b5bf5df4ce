import { readFile, stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Bench } from './processes.ts';

const REFRESHED = /Token refreshed successfully/;
const RECEIVED = /Token received/;

interface TokenAnswer {
  access_token: string;
  generation: number;
  expires_in: number;
}

test('20 refreshes in a row: each saved, delivered and acknowledged, the token file whole at every moment', async () => {
  await using bench = await Bench.make({ accessTokenSeconds: 60 });
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const loginTime = (await bench.tokens()).creation_timestamp;
  const sender = bench.sender('--refresh-interval=1s');

  const polling = new AbortController();
  let looks = 0;
  const reader = (async () => {
    while (!polling.signal.aborted) {
      const { token, creation_timestamp } = await bench.tokens();
      expect(token['access_token']).toMatch(/^I0\./);
      expect(creation_timestamp).toBe(loginTime);
      expect((await stat(bench.tokenFile)).mode & 0o777).toBe(0o600);
      looks += 1;
    }
  })();
  await sender.until('20 refreshes', () => (sender.count(REFRESHED) >= 20 ? true : undefined));
  await receiver.until('20 tokens', () => (receiver.count(RECEIVED) >= 20 ? true : undefined));
  polling.abort();
  await reader;
  expect(looks).toBeGreaterThan(100);

  const stopped = await sender.stop();
  expect(stopped.code).toBe(0);
  const answer = JSON.parse((await bench.get('/v1/token')).text) as TokenAnswer;
  expect(answer.access_token).toBe((await bench.tokens()).token['access_token']);
  expect(answer.generation).toBeGreaterThanOrEqual(20);
});

test('a sender that is stopped while Schwab answers saves the token and delivers it before it ends', async () => {
  await using bench = await Bench.make();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const sender = bench.sender();
  await receiver.line(RECEIVED);
  for (let round = 1; round <= 5; round += 1) {
    const sent = round === 1 ? sender : bench.sender();
    await sent.line(/Token delivered/);
    bench.sandbox.addFault({ kind: 'delay', ms: 300 });
    const refresh = bench.senderCommand('refresh');
    await bench.sandbox.waitForRequest(round);
    expect((await sent.stop()).code).toBe(0);
    await refresh;
    const { token } = await bench.tokens();
    expect((await bench.get('/v1/token/raw')).text).toBe(token['access_token']);
    expect(receiver.count(RECEIVED)).toBe(round + 1);
  }
});

test('a receiver that is killed and started again gets the token again, without a refresh', async () => {
  await using bench = await Bench.make();
  const first = bench.receiver();
  await first.line(/started/);
  const sender = bench.sender();
  await first.line(RECEIVED);
  await first.stop('SIGKILL');

  const second = bench.receiver();
  await second.line(RECEIVED);
  expect(bench.sandbox.requests).toHaveLength(0);
  expect((await bench.get('/v1/token/raw')).text).toBe((await bench.tokens()).token['access_token']);
  expect(sender.count(REFRESHED)).toBe(0);
});

test('a receiver that starts after the sender gets the token', async () => {
  await using bench = await Bench.make();
  const sender = bench.sender('--socket-retry-delay=10ms');
  await sender.line(/WARN: Token not delivered/);
  const receiver = bench.receiver();
  await receiver.line(RECEIVED);
  await sender.line(/INFO: Token delivered/);
});

test('a sender killed at any moment loses nothing: the file is whole, and the next start goes on', async () => {
  await using bench = await Bench.make({ accessTokenSeconds: 60 });
  const receiver = bench.receiver();
  await receiver.line(/started/);
  for (let round = 0; round < 12; round += 1) {
    const sender = bench.sender('--refresh-interval=1s');
    await sender.line(/started/);
    // From the arrival of a request on, the kill comes a little later each time: before, in and after the save.
    await bench.sandbox.waitForRequest(bench.sandbox.requests.length + 1);
    await new Promise((resolve) => setTimeout(resolve, round));
    await sender.stop('SIGKILL');
    const { token } = await bench.tokens();
    expect(token['refresh_token']).toEqual(expect.any(String));
    expect((await stat(bench.tokenFile)).mode & 0o777).toBe(0o600);
  }
  const last = bench.sender();
  await last.line(/Token delivered/);
  expect((await bench.get('/v1/token/raw')).text).toBe((await bench.tokens()).token['access_token']);
});

test('both stop on SIGTERM and on SIGINT with exit code 0, and leave no socket behind', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    await using bench = await Bench.make();
    const receiver = bench.receiver();
    await receiver.line(/started/);
    const sender = bench.sender();
    await sender.line(/Token delivered/);
    expect((await sender.stop(signal)).code).toBe(0);
    expect((await receiver.stop(signal)).code).toBe(0);
    for (const path of [bench.socket, bench.api, bench.path('control.sock')]) {
      await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    }
  }
});

test('a refresh once sent is not abandoned: stopping waits for the answer and saves it; a second signal ends at once', async () => {
  await using bench = await Bench.make();
  const before = (await bench.tokens()).token['access_token'];
  bench.sandbox.addFault({ kind: 'delay', ms: 1_500 }, 'always');
  const sender = bench.sender('--refresh-interval=1ms');
  await bench.sandbox.waitForRequest(1);
  const finished = await sender.stop();
  expect(finished.code).toBe(0);
  expect((await bench.tokens()).token['access_token']).not.toBe(before);

  bench.sandbox.clearFaults();
  bench.sandbox.addFault({ kind: 'hang' }, 'always');
  const hanging = bench.sender('--refresh-interval=1ms');
  await bench.sandbox.waitForRequest(bench.sandbox.requests.length + 1);
  hanging.signal('SIGTERM');
  await hanging.line(/Stopping/);
  expect((await hanging.stop()).code).toBe(1);
});

test('one refresh at a time: the command line asks the running daemon, and the daemon publishes', async () => {
  await using bench = await Bench.make();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const sender = bench.sender();
  await sender.line(/Token delivered/);
  bench.sandbox.addFault({ kind: 'delay', ms: 500 }, 'always');
  const results = await Promise.all([
    bench.senderCommand('refresh'),
    bench.senderCommand('refresh'),
    bench.senderCommand('refresh'),
  ]);
  for (const { code, stdout, stderr } of results) {
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Token refreshed successfully \(expires in 30 minutes\)\n$/);
  }
  await receiver.until('the new token', () => (receiver.count(RECEIVED) === 2 ? true : undefined));
  expect(bench.sandbox.requests.length).toBeLessThan(3);
});

test('refresh does it itself if no daemon runs, saves and delivers; two at once make one request', async () => {
  await using bench = await Bench.make();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const before = await bench.tokens();
  bench.sandbox.addFault({ kind: 'delay', ms: 700 }, 'always');
  const results = await Promise.all([bench.senderCommand('refresh'), bench.senderCommand('refresh')]);
  expect(results.map(({ code }) => code)).toEqual([0, 0]);
  expect(bench.sandbox.requests).toHaveLength(1);
  const after = await bench.tokens();
  expect(after.token['access_token']).not.toBe(before.token['access_token']);
  expect(after.creation_timestamp).toBe(before.creation_timestamp);
  await receiver.line(RECEIVED);
  expect((await bench.get('/v1/token/raw')).text).toBe(after.token['access_token']);
});

test('a second daemon on the same control socket is refused, by name, and harms nothing', async () => {
  await using bench = await Bench.make();
  const first = bench.sender();
  await first.line(/started/);
  const second = await bench.sender().finished;
  expect(second.code).toBe(1);
  expect(second.stdout + second.stderr).toContain(bench.path('control.sock'));
  expect((await bench.senderCommand('status')).code).toBe(0);
});

test('no secret leaves by a side door: logs at debug level, console and status hold no token and no app secret', async () => {
  await using bench = await Bench.make({ rotateRefreshToken: true, accessTokenSeconds: 60 });
  const receiver = bench.receiver('--log-level=debug');
  await receiver.line(/started/);
  const sender = bench.sender('--log-level=debug', '--refresh-interval=1s');
  const secrets = new Set<string>([bench.sandbox.credentials.appSecret]);
  for (let seen = 0; seen < 4; seen += 1) {
    await sender.until('a refresh', () => (sender.count(REFRESHED) > seen ? true : undefined));
    const { token } = await bench.tokens();
    for (const name of ['access_token', 'refresh_token', 'id_token']) secrets.add(String(token[name]));
  }
  bench.sandbox.addFault({ kind: 'wrong_types' });
  bench.sandbox.addFault({ kind: 'cut_off' });
  await sender.until('a failure', () => (sender.count(/failed/) > 0 ? true : undefined));
  const texts = [
    ...sender.lines,
    ...receiver.lines,
    await readFile(bench.path('sender.log'), 'utf8'),
    await readFile(bench.path('receiver.log'), 'utf8'),
    (await bench.senderCommand('status', '--json')).stdout,
    (await bench.receiverCommand('status', '--json')).stdout,
  ].join('\n');
  expect(secrets.size).toBeGreaterThan(6);
  for (const secret of secrets) expect(texts.includes(secret)).toBe(false);
  expect(await readFile(bench.path('sender.log'), 'utf8')).toMatch(
    /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] INFO: Token refreshed successfully \(expires in 1 minute\)$/m,
  );
});
