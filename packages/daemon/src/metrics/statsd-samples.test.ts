import fc from 'fast-check';
import { expect, test } from 'vitest';
import { metricsOf, type MetricFamily } from './metric-family.ts';
import { statsdSamples } from './statsd-samples.ts';

const { gauge, counter } = metricsOf('made_up_');
const byRoute = (value: number): MetricFamily =>
  counter('requests_total', 'Requests', [{ labels: { route: '/a' }, value }]);

/** Reports as the reporter does, with every send a success. Returns what was sent. */
function report(families: readonly MetricFamily[], reported: Map<string, number>) {
  const samples = statsdSamples(families, reported);
  for (const { reported: done } of samples) if (done !== undefined) reported.set(done.key, done.total);
  return samples.map(({ type, name, value, tags }) => ({ type, name, value, tags }));
}

test('gauges are sent as they are, each time', () => {
  const families = [gauge('readers', 'Readers', 3), gauge('up', 'Up', [{ labels: { target: 'bot' }, value: 0 }])];
  const expected = [
    { type: 'gauge', name: 'made_up_readers', value: 3, tags: {} },
    { type: 'gauge', name: 'made_up_up', value: 0, tags: { target: 'bot' } },
  ];
  const reported = new Map<string, number>();
  expect(report(families, reported)).toEqual(expected);
  expect(report(families, reported)).toEqual(expected);
});

test('a counter is sent as what it grew by, and not at all if it did not', () => {
  const reported = new Map<string, number>();
  const grown = (value: number) => [{ type: 'count', name: 'made_up_requests_total', value, tags: { route: '/a' } }];
  expect(report([byRoute(0)], reported)).toEqual([]);
  expect(report([byRoute(5)], reported)).toEqual(grown(5));
  expect(report([byRoute(5)], reported)).toEqual([]);
  expect(report([byRoute(7)], reported)).toEqual(grown(2));
});

test('what was not marked as sent is sent with the next report', () => {
  expect(statsdSamples([byRoute(5)], new Map())).toMatchObject([{ value: 5 }]);
  expect(statsdSamples([byRoute(6)], new Map())).toMatchObject([{ value: 6 }]);
});

test('a counter that began anew is not sent as a negative count', () => {
  const reported = new Map<string, number>();
  report([byRoute(5)], reported);
  expect(report([byRoute(2)], reported)).toMatchObject([{ value: 2 }]);
});

test('what is no number is left out', () => {
  const families = [gauge('a', 'A', Number.NaN), gauge('b', 'B', Infinity), gauge('c', 'C', undefined)];
  expect(statsdSamples(families, new Map())).toEqual([]);
});

test('the counts of all reports add up to the counter, per label', () => {
  const routes = fc.constantFrom('/a', '/b', '"quoted"');
  fc.assert(
    fc.property(fc.array(fc.tuple(routes, fc.nat(5)), { maxLength: 30 }), (growth) => {
      const [totals, sent, reported] = [
        new Map<string, number>(),
        new Map<string, number>(),
        new Map<string, number>(),
      ];
      for (const [route, by] of growth) {
        totals.set(route, (totals.get(route) ?? 0) + by);
        const samples = Array.from(totals, ([name, value]) => ({ labels: { route: name }, value }));
        for (const { tags, value } of report([counter('requests_total', 'Requests', samples)], reported)) {
          sent.set(tags['route'] ?? '', (sent.get(tags['route'] ?? '') ?? 0) + value);
        }
      }
      for (const [route, total] of totals) expect(sent.get(route) ?? 0).toBe(total);
    }),
  );
});
