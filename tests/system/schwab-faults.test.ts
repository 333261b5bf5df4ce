import { expect, test } from 'vitest';
import { Bench } from './processes.ts';

const REFRESHED = /Token refreshed successfully/;

test('Schwab down: the sender says so, goes on serving the token, and recovers by itself', async () => {
  await using bench = await Bench.make({ accessTokenSeconds: 120 });
  const receiver = bench.receiver();
  await receiver.line(/started/);
  bench.sandbox.addFault({ kind: 'reset' }, 'always');
  const sender = bench.sender('--refresh-interval=1s');
  await sender.line(/WARN: Token refresh failed: .*cut off.*next try in/);
  await receiver.line(/Token received/);
  expect((await bench.get('/v1/token/raw')).text).toBe((await bench.tokens()).token['access_token']);
  bench.sandbox.clearFaults();
  await sender.line(REFRESHED);
  await sender.line(/Recovered/);
});

test.each([
  ['blocked at the edge', { kind: 'html', status: 403 }, /HTTP 403/],
  ['overloaded', { kind: 'empty', status: 503 }, /HTTP 503/],
  ['cut off', { kind: 'cut_off' }, /cut off/],
  ['not JSON', { kind: 'not_json' }, /HTTP 200, but/],
  ['of the wrong types', { kind: 'wrong_types' }, /HTTP 200, but/],
  ['endless', { kind: 'huge' }, /too long/],
] as const)(
  'an answer that is %s is a passing fault: retried, the token file untouched',
  async (_name, fault, words) => {
    await using bench = await Bench.make();
    const before = await bench.tokens();
    bench.sandbox.addFault(fault, 'always');
    const command = await bench.senderCommand('refresh');
    expect(command.code).toBe(75);
    expect(command.stderr).toMatch(words);
    expect(await bench.tokens()).toEqual(before);
    bench.sandbox.clearFaults();
    expect((await bench.senderCommand('refresh')).code).toBe(0);
  },
);

test('a slow Schwab ends at the HTTP timeout', async () => {
  await using bench = await Bench.make();
  for (const kind of ['hang', 'stall'] as const) {
    bench.sandbox.addFault({ kind });
    const command = await bench.senderCommand('refresh', '--http-timeout=300ms');
    expect(command.code).toBe(75);
    expect(command.stderr).toMatch(/no complete answer from 127\.0\.0\.1:\d+ within 0\.3 s/);
  }
});

test('a gzip answer and an expires_in that is a string are understood', async () => {
  await using bench = await Bench.make();
  for (const kind of ['gzip', 'expires_in_string'] as const) {
    bench.sandbox.addFault({ kind });
    expect((await bench.senderCommand('refresh')).stdout).toMatch(/expires in 30 minutes/);
  }
});

test('one refusal is no alarm: the token file keeps its refresh token, and nobody is told to log in', async () => {
  await using bench = await Bench.make();
  const before = await bench.tokens();
  for (const form of ['A', 'B', 'C', 'rfc'] as const) {
    bench.sandbox.addFault({ kind: 'refuse', form });
    const command = await bench.senderCommand('refresh');
    expect(command.code).toBe(75);
    expect(command.stderr).toMatch(/refused.*One refusal is no proof/);
    expect(await bench.tokens()).toEqual(before);
  }
});

test('wrong credentials: said once, exit code 78 for the command, and a corrected file is taken over without a restart', async () => {
  await using bench = await Bench.make();
  await bench.writeAppConfig({ ...bench.sandbox.credentials, appSecret: 'made-up-wrong-secret' });
  const command = await bench.senderCommand('refresh');
  expect(command.code).toBe(78);
  expect(command.stderr).toContain(bench.path('app.yaml'));

  const sender = bench.sender('--refresh-interval=1ms');
  await sender.line(/ERROR: Wrong credentials: .*app\.yaml/);
  const status = JSON.parse((await bench.senderCommand('status', '--json')).stdout) as { state: string };
  expect(status.state).toBe('misconfigured');
  await bench.writeAppConfig(bench.sandbox.credentials);
  await sender.line(REFRESHED);
  expect(sender.count(/ERROR/)).toBe(1);
});

test('SIGHUP reads the credentials again', async () => {
  await using bench = await Bench.make();
  const sender = bench.sender();
  await sender.line(/started/);
  bench.sandbox.setCredentials({ appSecret: 'another-made-up-secret' });
  await bench.writeAppConfig(bench.sandbox.credentials);
  sender.signal('SIGHUP');
  await sender.line(/Configuration read again \(SIGHUP\)/);
  expect((await bench.senderCommand('refresh')).code).toBe(0);
});

test('logged in again: a newer login in the token file is taken over at once, without a restart', async () => {
  await using bench = await Bench.make();
  await bench.writeTokenFile('{"creation_timestamp": 1, "token": {}}');
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const sender = bench.sender();
  await sender.line(/ERROR: Login required/);
  bench.sandbox.logIn();
  await bench.writeTokenFile(bench.sandbox.tokenFileText());
  await sender.line(/Newer tokens found/);
  await receiver.line(/Token received/);
});
