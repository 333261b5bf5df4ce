import { spawnSync } from 'node:child_process';
import { createSocket, Socket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { metricsOf, StatsdReporter, type MetricFamily, type StatsdAddress } from '../src/index.ts';

const { gauge, counter } = metricsOf('made_up_');

/** A StatsD server that keeps what it is sent. */
class Server {
  readonly lines: string[] = [];
  readonly #socket = createSocket('udp4');

  static async open(): Promise<Server> {
    const server = new Server();
    server.#socket.on('message', (message) => server.lines.push(...message.toString().split('\n')));
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    onTestFinished(() => void server.#socket.close());
    return server;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Resolves when so many lines match. */
  async until(pattern: RegExp, count = 1): Promise<void> {
    while (this.count(pattern) < count) await once(this.#socket, 'message', { signal: AbortSignal.timeout(20_000) });
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }
}

function recordingLog() {
  return { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
}

function report(address: StatsdAddress, families: () => readonly MetricFamily[], log = recordingLog()): StatsdReporter {
  const reporter = new StatsdReporter({ address, families, log, intervalMs: 5 });
  onTestFinished(() => reporter.close());
  return reporter;
}

test('gauges are sent as they are, counters as what they grew by, labels as tags; nothing is loaded before', async () => {
  const isLoaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/hot-shots/'));
  expect(isLoaded()).toBe(false);
  const server = await Server.open();
  let requests = 5;
  report({ host: '127.0.0.1', port: server.port }, () => [
    gauge('readers', 'Readers', 3),
    counter('requests_total', 'Requests', [{ labels: { route: '/a', status: '200' }, value: requests }]),
  ]);
  await server.until(/^made_up_readers:3\|g$/, 2);
  requests = 7;
  const grown = server.lines.length;
  await server.until(/^made_up_requests_total:2\|c\|#route:\/a,status:200$/);
  await server.until(/^made_up_readers:3\|g$/, server.count(/readers/) + 2);
  expect(server.lines.slice(0, grown).filter((line) => line.includes('requests'))).toEqual([
    'made_up_requests_total:5|c|#route:/a,status:200',
  ]);
  expect(server.count(/requests/)).toBe(2);
  expect(isLoaded()).toBe(true);
});

test("Datadog's environment variables change nothing", async () => {
  vi.stubEnv('DD_AGENT_HOST', '192.0.2.1');
  vi.stubEnv('DD_DOGSTATSD_PORT', '1');
  vi.stubEnv('DD_ENV', 'made-up');
  vi.stubEnv('DD_TAGS', 'made:up');
  vi.stubEnv('DD_ENTITY_ID', 'made-up');
  onTestFinished(() => void vi.unstubAllEnvs());
  const server = await Server.open();
  report({ host: '127.0.0.1', port: server.port }, () => [gauge('readers', 'Readers', 3)]);
  await server.until(/./, 3);
  expect(new Set(server.lines)).toEqual(new Set(['made_up_readers:3|g']));
});

test('a report that fails is one WARN; the counts that it could not send come with the next, the others not again', async () => {
  const server = await Server.open();
  const log = recordingLog();
  let isBroken = true;
  let rounds = 0;
  report(
    { host: '127.0.0.1', port: server.port },
    () => {
      rounds += 1;
      return [
        counter('before_total', 'Is sent', 5),
        // Longer than any datagram: the kernel refuses it.
        gauge('broken', 'Is not', isBroken ? [{ labels: { long: 'x'.repeat(70_000) }, value: 1 }] : []),
        counter('after_total', 'Is not either', 7),
        gauge('end', 'The end', 1),
      ];
    },
    log,
  );
  await vi.waitFor(() => expect(rounds).toBeGreaterThan(4), { timeout: 20_000 });
  expect(log.warn).toHaveBeenCalledExactlyOnceWith(
    `StatsD: the metrics cannot be sent to 127.0.0.1:${server.port} (EMSGSIZE); trying again every 0.005 s`,
  );
  expect(server.count(/after|end/)).toBe(0);
  isBroken = false;
  await server.until(/^made_up_end:1/, 3);
  expect(log.info).toHaveBeenCalledExactlyOnceWith(`StatsD: sending to 127.0.0.1:${server.port} again`);
  expect(server.lines.filter((line) => line.includes('total'))).toEqual([
    'made_up_before_total:5|c',
    'made_up_after_total:7|c',
  ]);
});

test('while the network is gone nothing is taken as sent: all that was counted comes when it is back', async () => {
  const server = await Server.open();
  const log = recordingLog();
  let requests = 5;
  const gone = vi.spyOn(Socket.prototype, 'send').mockImplementation((...args: unknown[]) => {
    const callback = args.at(-1) as (error: Error) => void;
    callback(Object.assign(new Error('made up'), { code: 'ENETUNREACH' }));
  });
  onTestFinished(() => gone.mockRestore());
  report({ host: '127.0.0.1', port: server.port }, () => [counter('requests_total', 'Requests', requests)], log);
  await vi.waitFor(() => expect(gone.mock.calls.length).toBeGreaterThan(2), { timeout: 20_000 });
  requests = 7;
  gone.mockRestore();
  await server.until(/./);
  expect(server.lines).toEqual(['made_up_requests_total:7|c']);
  expect(log.warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('(ENETUNREACH)'));
});

test.each([
  ['a name that cannot be looked up', `${'x'.repeat(64)}.example`],
  ['a network that may not be sent to', '255.255.255.255'],
])('%s is one WARN, and no more harm', async (_, host) => {
  const log = recordingLog();
  let rounds = 0;
  const families = () => {
    rounds += 1;
    return [gauge('readers', 'Readers', 3)];
  };
  report({ host, port: 8125 }, families, log);
  await vi.waitFor(() => expect(log.debug.mock.calls.length).toBeGreaterThan(2), { timeout: 25_000 });
  expect(log.warn).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(/^StatsD: the metrics cannot be sent to .*:8125 \(E[A-Z_]+\); trying again every/),
  );
  expect(rounds === 0).toBe(host.endsWith('.example'));
});

test('nobody listening is no error: UDP does not say', async () => {
  const closed = createSocket('udp4').bind(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address();
  closed.close();
  const log = recordingLog();
  let rounds = 0;
  report({ host: '127.0.0.1', port }, () => [gauge('readers', 'Readers', ++rounds)], log);
  await vi.waitFor(() => expect(rounds).toBeGreaterThan(4), { timeout: 20_000 });
  expect(log.warn).not.toHaveBeenCalled();
});

test('families that cannot be made are a WARN, not the end of the daemon', async () => {
  const server = await Server.open();
  const log = recordingLog();
  let isBroken = true;
  report(
    { host: '127.0.0.1', port: server.port },
    () => {
      if (isBroken) throw new Error('a fault of ours');
      return [gauge('readers', 'Readers', 3)];
    },
    log,
  );
  await vi.waitFor(() => expect(log.warn).toHaveBeenCalledOnce(), { timeout: 20_000 });
  isBroken = false;
  await server.until(/readers/);
});

test('a closed reporter sends nothing more', async () => {
  const server = await Server.open();
  const address = { host: '127.0.0.1', port: server.port };
  const closed = report(address, () => [gauge('closed', 'Closed', 1)]);
  await server.until(/closed/, 2);
  closed.close();
  const before = server.count(/closed/);
  report(address, () => [gauge('other', 'Another', 1)]);
  await server.until(/other/, 5);
  // One that the kernel had already taken may still come.
  expect(server.count(/closed/)).toBeLessThanOrEqual(before + 1);
});

test('it does not keep the process alive, while it waits nor after a report', async () => {
  const server = await Server.open();
  const run = (code: string) =>
    spawnSync(process.execPath, ['--conditions=source', '--input-type=module', '-e', code], {
      cwd: join(import.meta.dirname, '..'),
      encoding: 'utf8',
      timeout: 25_000,
    });
  const reporter = (intervalMs: number) => `
    import { StatsdReporter } from './src/index.ts';
    const log = { debug() {}, info() {}, warn: console.log, error: console.log };
    let rounds = 0;
    const families = () => { rounds += 1; return [{ name: 'made_up', help: 'Made up', type: 'gauge', samples: [{ value: 1 }] }]; };
    new StatsdReporter({ address: { host: '127.0.0.1', port: ${server.port} }, families, log, intervalMs: ${intervalMs} });
  `;
  expect(run(reporter(3_600_000))).toMatchObject({ status: 0, stdout: '', stderr: '' });
  const afterReports = `${reporter(1)}
    const look = () => { if (rounds < 3) setTimeout(look, 1); };
    look();`;
  expect(run(afterReports)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  await server.until(/^made_up:1\|g$/, 1);
});
