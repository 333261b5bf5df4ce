/** What a report to StatsD says, which has other ideas of a counter than Prometheus has. Pure. */
import type { MetricFamily } from './metric-family.ts';

export interface StatsdSample {
  /** `count`: by how much it grew since it was last reported. */
  readonly type: 'gauge' | 'count';
  readonly name: string;
  readonly value: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Under this key the total is to be remembered once it is sent. Gauges have none. */
  readonly reported?: { readonly key: string; readonly total: number };
}

/**
 * Gauges as they are; counters by what they grew, and only if they did.
 * @param reported the totals that were sent before, by their keys
 */
export function statsdSamples(
  families: readonly MetricFamily[],
  reported: ReadonlyMap<string, number>,
): readonly StatsdSample[] {
  return families.flatMap(({ name, type, samples }) =>
    samples.flatMap(({ labels = {}, value }): readonly StatsdSample[] => {
      if (!Number.isFinite(value)) return [];
      if (type === 'gauge') return [{ type: 'gauge', name, value, tags: labels }];
      const key = JSON.stringify([name, labels]);
      const before = reported.get(key) ?? 0;
      // One that shrank began anew, as after a target was configured again.
      const grewBy = value >= before ? value - before : value;
      return grewBy === 0
        ? []
        : [{ type: 'count', name, value: grewBy, tags: labels, reported: { key, total: value } }];
    }),
  );
}
