/** docs/monitoring, held against the metrics of both daemons. */
import { load } from 'js-yaml';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { senderMetrics } from '../../sender/src/metrics/sender-metrics.ts';
import { clusterSenderSnapshot } from '../../sender/tests/metrics-snapshot.ts';
import { receiverMetrics } from '../src/metrics/receiver-metrics.ts';
import { fullReceiverSnapshot } from './metrics-snapshot.ts';

const folder = join(import.meta.dirname, '../../../docs/monitoring');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

const families = [...senderMetrics(clusterSenderSnapshot), ...receiverMetrics(fullReceiverSnapshot)];
const metrics = new Set(families.map(({ name }) => name));
const labels = new Set([
  'job',
  'instance',
  ...families.flatMap(({ samples }) => samples.flatMap((sample) => Object.keys(sample.labels ?? {}))),
]);

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          expr: z.string(),
          labels: z.object({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.object({ summary: z.string(), description: z.string() }),
        }),
      ),
    }),
  ),
});
const dashboardSchema = z.object({
  panels: z.array(
    z.object({
      title: z.string(),
      targets: z.optional(z.array(z.object({ expr: z.string(), legendFormat: z.string() }))),
    }),
  ),
});

const rules = rulesSchema.parse(load(read('token-relay.rules.yml'))).groups.flatMap((group) => group.rules);
const queries = dashboardSchema
  .parse(JSON.parse(read('grafana-dashboard.json')))
  .panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));

const GROUPING = /\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/** The metrics and the labels that an expression names. */
function namesIn(expr: string): { metrics: string[]; labels: string[] } {
  const bare = expr.replace(/"[^"]*"/g, '""').replace(/\[[^\]]*\]/g, '');
  const grouped = Array.from(bare.matchAll(GROUPING), ([, list = '']) => list.split(',').map((name) => name.trim()));
  const matched = Array.from(bare.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*""/g), ([, name = '']) => name);
  const rest = bare.replace(GROUPING, ' ').replace(/\{[^}]*\}/g, ' ');
  const words = Array.from(rest.matchAll(/\b[a-z_]\w*\b(?!\s*\()/gi), ([word]) => word);
  return { metrics: words.filter((word) => !KEYWORDS.has(word)), labels: [...grouped.flat(), ...matched] };
}

test('the names in an expression are found', () => {
  const expr =
    'sum by (a, b) (rate(x_total{c="d e", f!~"g"}[5m])) > 2 and on (h) y unless ignoring (i) (time() - z == 1)';
  expect(namesIn(expr)).toEqual({ metrics: ['x_total', 'y', 'z'], labels: ['a', 'b', 'h', 'i', 'c', 'f'] });
});

describe('the alerts', () => {
  test.each(rules)('$alert asks for metrics and labels that exist', ({ expr, annotations }) => {
    const names = namesIn(expr);
    expect(names.metrics.length).toBeGreaterThan(0);
    expect(names.metrics.filter((name) => !metrics.has(name))).toEqual([]);
    const inText = Object.values(annotations).flatMap((text) =>
      Array.from(text.matchAll(/\$labels\.(\w+)/g), ([, name = '']) => name),
    );
    expect([...names.labels, ...inText].filter((name) => !labels.has(name))).toEqual([]);
  });

  test('each has a place in the README', () => {
    const readme = read('README.md');
    for (const { alert } of rules) expect(readme).toContain(`\`${alert}\``);
  });

  test.each([
    ['the alert rules', ['check', 'rules', 'token-relay.rules.yml']],
    ['when each alert fires and when not', ['test', 'rules', 'token-relay.rules.test.yml']],
    ['the example configuration', ['check', 'config', 'prometheus.example.yml']],
  ])('promtool agrees with %s', (_, args) => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  test('each is tested to fire', () => {
    const tested = read('token-relay.rules.test.yml');
    for (const { alert, labels: given } of rules)
      expect(tested).toContain(`alertname="${alert}", severity="${given.severity}"`);
  });
});

describe('the dashboard', () => {
  test.each(queries)('$title: $expr asks for metrics and labels that exist', ({ expr, legendFormat }) => {
    const names = namesIn(expr);
    expect(names.metrics.length).toBeGreaterThan(0);
    expect(names.metrics.filter((name) => !metrics.has(name))).toEqual([]);
    const inLegend = Array.from(legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g), ([, name = '']) => name);
    expect([...names.labels, ...inLegend].filter((name) => !labels.has(name))).toEqual([]);
  });

  test('every metric is on it, but the ones that it shows in another way', () => {
    const shown = new Set(queries.flatMap(({ expr }) => namesIn(expr).metrics));
    expect([...metrics].filter((name) => !shown.has(name))).toEqual([
      'token_receiver_token_generation',
      'token_receiver_token_received_timestamp_seconds',
    ]);
  });
});
