import type { MetricFamily } from './metric-family.ts';

export interface RenderedMetrics {
  readonly contentType: string;
  readonly text: string;
}

/**
 * The families in Prometheus's text format, those without a sample left out. prom-client is loaded by the first call, so
 * that a daemon that nobody scrapes does not carry it.
 *
 * Rejects if two families have one name, or a name or label is not one of Prometheus's.
 */
export async function renderMetrics(families: readonly MetricFamily[]): Promise<RenderedMetrics> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const registry = new Registry();
  for (const { name, help, type, samples } of families) {
    // prom-client would make up a zero.
    if (samples.length === 0) continue;
    const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels ?? {})))];
    const configuration = { name, help, labelNames, registers: [registry] };
    switch (type) {
      case 'counter': {
        const metric = new Counter(configuration);
        for (const { labels, value } of samples) metric.inc({ ...labels }, value);
        break;
      }
      case 'gauge': {
        const metric = new Gauge(configuration);
        for (const { labels, value } of samples) metric.set({ ...labels }, value);
        break;
      }
    }
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}
