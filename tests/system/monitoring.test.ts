/** What both daemons tell those who watch them, judged by Prometheus's own programs. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { recordOutput } from '../record/record.ts';
import { Bench, type Program } from './processes.ts';

const documents = join(import.meta.dirname, '../../docs/monitoring');
const PATIENCE = { timeout: 60_000, interval: 100 };

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask(options: RequestOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ agent: false, ...options }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () => {
      recordOutput('metrics', `${text}\n`);
      resolve({ status: response.statusCode ?? 0, text });
    });
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}

/** The port that the daemon was given, from its log. */
async function metricsPort(program: Program): Promise<number> {
  const line = await program.line(/Metrics at http:\/\/127\.0\.0\.1:\d+\/metrics/);
  return Number(/:(\d+)\/metrics/.exec(line)?.[1]);
}

/** Both daemons with a metrics port, and a token delivered. */
async function watchedPair(bench: Bench, ...args: string[]) {
  const receiver = bench.receiver('--metrics-port=0', ...args);
  await receiver.line(/started/);
  const sender = bench.sender('--metrics-port=0', ...args);
  await receiver.line(/Token received/);
  await sender.line(/Token delivered/);
  return { receiver, sender, ports: { receiver: await metricsPort(receiver), sender: await metricsPort(sender) } };
}

function promtool(args: string[], input = ''): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, cwd: documents, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

function fingerprintOf(token: unknown): string {
  return createHash('sha256').update(String(token)).digest('hex').slice(0, 8);
}

test('both daemons tell Prometheus how they are, on their socket and on their port, and no secret', async () => {
  await using bench = await Bench.make();
  const { receiver, ports } = await watchedPair(bench);
  const before = (await bench.tokens()).token;
  expect((await bench.senderCommand('refresh')).code).toBe(0);
  await receiver.until('the new token', () => (receiver.count(/Token received/) === 2 ? true : undefined));
  const after = (await bench.tokens()).token;

  const read = {
    'receiver, socket': await ask({ socketPath: bench.api, path: '/metrics' }),
    'receiver, port': await ask({ port: ports.receiver, path: '/metrics' }),
    'sender, socket': await ask({ socketPath: bench.path('control.sock'), path: '/metrics' }),
    'sender, port': await ask({ port: ports.sender, path: '/metrics' }),
  };
  for (const [place, { status, text }] of Object.entries(read)) {
    expect({ place, status }).toEqual({ place, status: 200 });
    expect({ place, ...promtool(['check', 'metrics'], text) }).toEqual({ place, status: 0, output: '' });
    for (const secret of [
      before['access_token'],
      before['refresh_token'],
      after['access_token'],
      after['refresh_token'],
    ]) {
      expect(secret).toEqual(expect.any(String));
      expect(text).not.toContain(secret);
      expect(text).not.toContain(fingerprintOf(secret));
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d{8,}$/m);
    expect(text).toMatch(/^process_start_time_seconds \d{10}(\.\d+)?$/m);
    expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  }
  for (const place of ['receiver, socket', 'receiver, port'] as const) {
    const lines = read[place].text.split('\n');
    expect(lines).toContain('token_receiver_token_generation 2');
    expect(lines).toContain('token_receiver_tokens_received_total{from="unix"} 2');
    expect(lines).toContain('token_receiver_token_fresh 1');
    expect(lines).toContain(`token_receiver_token_expires_timestamp_seconds ${String(after['expires_at'])}`);
  }
  for (const place of ['sender, socket', 'sender, port'] as const) {
    const lines = read[place].text.split('\n');
    expect(lines).toContain('token_refresh_sender_state{state="healthy"} 1');
    expect(lines).toContain('token_refresh_sender_refreshes_total{outcome="refreshed"} 1');
    expect(lines).toContain('token_refresh_sender_last_refresh_success 1');
    expect(lines).toContain('token_refresh_sender_token_saved 1');
    expect(lines).toContain('token_refresh_sender_target_up{target="receiver"} 1');
    expect(read[place].text).toMatch(/^token_refresh_sender_deliveries_total\{target="receiver"\} [12]$/m);
    expect(read[place].text).toMatch(/^token_refresh_sender_login_ends_timestamp_seconds \d{10}$/m);
    expect(read[place].text).toMatch(/^token_refresh_sender_next_refresh_timestamp_seconds \d{10}/m);
  }
});

test('a target that is gone, and a refresh that failed, show in the metrics', async () => {
  await using bench = await Bench.make();
  const sender = bench.sender('--socket-retry-delay=10ms');
  await sender.line(/WARN: Token not delivered/);
  bench.sandbox.addFault({ kind: 'status', status: 503 }, 'always');
  await bench.senderCommand('refresh');
  const { text } = await ask({ socketPath: bench.path('control.sock'), path: '/metrics' });
  const lines = text.split('\n');
  expect(lines).toContain('token_refresh_sender_target_up{target="receiver"} 0');
  expect(lines).toContain('token_refresh_sender_deliveries_total{target="receiver"} 0');
  expect(text).toMatch(/^token_refresh_sender_delivery_failures_total\{target="receiver"\} [3-9]$/m);
  expect(lines).toContain('token_refresh_sender_last_refresh_success 0');
  expect(text).toMatch(/^token_refresh_sender_state\{state="retrying"\} 1$/m);
  expect(text).toMatch(/^token_refresh_sender_refreshes_total\{outcome="passing"\} [1-9]\d*$/m);
  expect(text).toMatch(/^token_refresh_sender_last_refresh_duration_seconds [\d.e-]+$/m);
});

test('the metrics port has no token, answers under no other name, and probes tell alive from ready', async () => {
  await using bench = await Bench.make();
  const receiver = bench.receiver('--metrics-port=0');
  const port = await metricsPort(receiver);
  expect((await ask({ port, path: '/healthz' })).status).toBe(200);
  const unready = await ask({ port, path: '/readyz' });
  expect(unready.status).toBe(503);
  expect(JSON.parse(unready.text)).toMatchObject({ code: 'token_not_found' });

  const sender = bench.sender('--metrics-port=0');
  await receiver.line(/Token received/);
  const token = String((await bench.tokens()).token['access_token']);
  for (const watched of [port, await metricsPort(sender)]) {
    expect((await ask({ port: watched, path: '/healthz' })).status).toBe(200);
    expect((await ask({ port: watched, path: '/readyz' })).status).toBe(200);
    for (const path of ['/v1/token', '/v1/token/raw', '/v1/token/events', '/v1/history', '/v1/status', '/']) {
      const { status, text } = await ask({ port: watched, path });
      expect({ path, status }).toEqual({ path, status: 404 });
      expect(text).not.toContain(token);
    }
    const rebound = await ask({ port: watched, path: '/metrics', headers: { Host: 'attacker.example' } });
    expect(rebound.status).toBe(421);
  }
});

test('paths that a client makes up are not in the metrics', async () => {
  await using bench = await Bench.make();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  for (let index = 0; index < 20; index += 1) await bench.get(`/made-up-${index}?wait=${index}`);
  await bench.get('/v1/token');
  const { text } = await bench.get('/metrics');
  expect(text).not.toContain('made-up');
  const others = text
    .split('\n')
    .filter((line) => /^token_receiver_http_requests_total\{.*status="404".*\} /.test(line));
  // All that were made up are one series; /v1/token has its own, as there is no token yet.
  expect(others.map((line) => line.split(' ')[1]).sort()).toEqual(['1', '20']);
});

test('a metrics port that another program has is named', async () => {
  await using bench = await Bench.make();
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const expected = new RegExp(`metrics_port: another program is listening on 127\\.0\\.0\\.1:${port}\\. Stop it`);
  await bench.receiver(`--metrics-port=${port}`).line(expected);
  await bench.sender(`--metrics-port=${port}`).line(expected);
});

test('both daemons send the same to StatsD', async () => {
  await using bench = await Bench.make();
  const lines: string[] = [];
  const statsd = createSocket('udp4').bind(0, '127.0.0.1');
  onTestFinished(() => void statsd.close());
  statsd.on('message', (message) => lines.push(...message.toString().split('\n')));
  await once(statsd, 'listening');
  await watchedPair(bench, `--statsd=127.0.0.1:${statsd.address().port}`);
  await vi.waitFor(() => {
    expect(lines).toContain('token_receiver_token_fresh:1|g');
    expect(lines).toContain('token_receiver_tokens_received_total:1|c|#from:unix');
    expect(lines).toContain('token_refresh_sender_state:1|g|#state:healthy');
    expect(lines).toContain('token_refresh_sender_target_up:1|g|#target:receiver');
  }, PATIENCE);
  const { token } = await bench.tokens();
  expect(lines.join('\n')).not.toContain(String(token['access_token']));
  expect(lines.join('\n')).not.toContain(fingerprintOf(token['access_token']));
});

test('a real Prometheus takes it all in: both are up, every query of the dashboard is answered, the alert for the login fires and ends', async () => {
  await using bench = await Bench.make();
  const tokenFile = await readFile(bench.tokenFile, 'utf8');
  await writeFile(bench.tokenFile, '{}');
  const receiver = bench.receiver('--metrics-port=0');
  const sender = bench.sender('--metrics-port=0');
  await using prometheus = await Prometheus.start(bench, {
    'token-receiver': await metricsPort(receiver),
    'token-refresh-sender': await metricsPort(sender),
  });

  await vi.waitFor(async () => expect(await prometheus.firing()).toContain('SchwabLoginRequired'), PATIENCE);
  await writeFile(bench.tokenFile, tokenFile);
  await receiver.line(/Token received/);
  await vi.waitFor(async () => {
    expect(await prometheus.firing()).toEqual([]);
    expect(await prometheus.query('token_receiver_token_fresh')).toEqual(['1']);
    expect(await prometheus.query('up')).toEqual(['1', '1']);
  }, PATIENCE);

  for (const expr of await dashboardQueries()) {
    expect({ expr, answer: await prometheus.query(expr) }).toEqual({ expr, answer: expect.any(Array) as unknown[] });
  }
});

test('promtool agrees with the alert rules, their tests and the example configuration', () => {
  expect(promtool(['check', 'rules', 'token-relay.rules.yml'])).toMatchObject({ status: 0 });
  expect(promtool(['test', 'rules', 'token-relay.rules.test.yml'])).toMatchObject({ status: 0 });
  expect(promtool(['check', 'config', 'prometheus.example.yml'])).toMatchObject({ status: 0 });
});

async function dashboardQueries(): Promise<string[]> {
  const dashboard = JSON.parse(await readFile(join(documents, 'grafana-dashboard.json'), 'utf8')) as {
    panels: { targets?: { expr: string }[] }[];
  };
  const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(queries.length).toBeGreaterThan(20);
  return queries.map((expr) => expr.replaceAll('$__rate_interval', '1m'));
}

/** A Prometheus that scrapes and looks at the alerts every second. */
class Prometheus {
  readonly #port: number;
  readonly #end: () => Promise<void>;

  private constructor(port: number, end: () => Promise<void>) {
    this.#port = port;
    this.#end = end;
  }

  static async start(bench: Bench, targets: Readonly<Record<string, number>>): Promise<Prometheus> {
    const port = await freePort();
    const jobs = Object.entries(targets).map(
      ([job, target]) => `  - job_name: ${job}\n    static_configs: [{ targets: ['127.0.0.1:${target}'] }]\n`,
    );
    const interval = 'global: { scrape_interval: 1s, evaluation_interval: 1s }\n';
    await copyFile(join(documents, 'token-relay.rules.yml'), bench.path('token-relay.rules.yml'));
    await bench.write(
      'prometheus.yml',
      `${interval}rule_files: [token-relay.rules.yml]\nscrape_configs:\n${jobs.join('')}`,
    );
    const child = spawn(
      'prometheus',
      [
        `--config.file=${bench.path('prometheus.yml')}`,
        `--storage.tsdb.path=${bench.path('prometheus')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const closed = once(child, 'close');
    const prometheus = new Prometheus(port, async () => {
      child.kill('SIGKILL');
      await closed;
    });
    await vi.waitFor(async () => expect((await ask({ port, path: '/-/ready' })).status).toBe(200), PATIENCE);
    return prometheus;
  }

  /** The values of an instant query; rejects if Prometheus does not understand it. */
  async query(expr: string): Promise<string[]> {
    const { text } = await ask({ port: this.#port, path: `/api/v1/query?query=${encodeURIComponent(expr)}` });
    const answer = JSON.parse(text) as { status: string; data?: { result: { value: [number, string] }[] } };
    if (answer.data === undefined) throw new Error(`${expr}: ${text}`);
    return answer.data.result.map(({ value }) => value[1]);
  }

  /** The names of the alerts that fire. */
  async firing(): Promise<string[]> {
    const { text } = await ask({ port: this.#port, path: '/api/v1/alerts' });
    const { data } = JSON.parse(text) as { data: { alerts: { state: string; labels: { alertname: string } }[] } };
    return data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
