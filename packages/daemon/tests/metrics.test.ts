import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  createLocalHttp,
  metricsOf,
  metricsRoute,
  processMetrics,
  renderMetrics,
  requestLocal,
  type MetricFamily,
} from '../src/index.ts';

const { gauge, counter } = metricsOf('made_up_');

test('prom-client is loaded by the first scrape, not before', async () => {
  const isLoaded = () =>
    Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/prom-client/'));
  metricsRoute(() => []);
  expect(isLoaded()).toBe(false);
  await renderMetrics([]);
  expect(isLoaded()).toBe(true);
});

test("families are rendered in Prometheus's text format", async () => {
  const families = [
    gauge('readers', 'Readers now', 3),
    gauge('is_up', 'Whether it is', false),
    counter('requests_total', 'Requests', [
      { labels: { route: '/a', status: '200' }, value: 7 },
      { labels: { route: '/b', status: '404' }, value: 0 },
    ]),
    gauge('ends_timestamp_seconds', 'When it ends', 1_794_000_000.25),
  ];
  expect(await renderMetrics(families)).toEqual({
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: [
      '# HELP made_up_readers Readers now',
      '# TYPE made_up_readers gauge',
      'made_up_readers 3',
      '',
      '# HELP made_up_is_up Whether it is',
      '# TYPE made_up_is_up gauge',
      'made_up_is_up 0',
      '',
      '# HELP made_up_requests_total Requests',
      '# TYPE made_up_requests_total counter',
      'made_up_requests_total{route="/a",status="200"} 7',
      'made_up_requests_total{route="/b",status="404"} 0',
      '',
      '# HELP made_up_ends_timestamp_seconds When it ends',
      '# TYPE made_up_ends_timestamp_seconds gauge',
      'made_up_ends_timestamp_seconds 1794000000.25',
      '',
    ].join('\n'),
  });
});

test('what is not known is left out, not zero', async () => {
  const { text } = await renderMetrics([
    gauge('unknown', 'Nobody knows', undefined),
    counter('nothing_total', 'No labels yet', []),
    gauge('known', 'Known', 0),
  ]);
  expect(text).not.toMatch(/unknown|nothing/);
  expect(text).toContain('made_up_known 0');
});

test('a label with quotes, backslashes and line ends stays one label', async () => {
  const { text } = await renderMetrics([gauge('up', 'Up', [{ labels: { path: 'a"b\\c\nd' }, value: 1 }])]);
  expect(text).toContain('made_up_up{path="a\\"b\\\\c\\nd"} 1\n');
});

test('each rendering stands for itself', async () => {
  const families = [counter('requests_total', 'Requests', 2)];
  const first = await renderMetrics(families);
  expect(await renderMetrics(families)).toEqual(first);
});

test('two families of one name are refused', async () => {
  await expect(renderMetrics([gauge('a', 'A', 1), gauge('a', 'A', 2)])).rejects.toThrow(/made_up_a/);
});

test('promtool has nothing against the metrics of the process', async () => {
  const { text } = await renderMetrics(
    processMetrics({ startedAtMs: 1_794_000_000_500, residentBytes: 50 * 1024 ** 2, cpuSeconds: 1.5 }),
  );
  expect(text).toContain('process_start_time_seconds 1794000000.5\n');
  expect(text).toContain('process_resident_memory_bytes 52428800\n');
  expect(text).toContain('process_cpu_seconds_total 1.5\n');
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect(checked).toMatchObject({ status: 0, stdout: '', stderr: '' });
});

test('GET /metrics has the content type of Prometheus and makes the families anew each time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
  let count = 0;
  const families = (): readonly MetricFamily[] => [counter('scrapes_total', 'Scrapes', ++count)];
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const server = createLocalHttp([metricsRoute(families)], { log });
  const socketPath = join(folder, 'api.sock');
  server.listen(socketPath);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  await once(server, 'listening');
  const get = () => requestLocal(socketPath, { method: 'GET', path: '/metrics', timeoutMs: 10_000 });
  expect(await get()).toMatchObject({
    status: 200,
    text: expect.stringMatching(/^made_up_scrapes_total 1$/m) as string,
  });
  expect((await get()).text).toMatch(/^made_up_scrapes_total 2$/m);
});
