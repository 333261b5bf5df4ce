import type { Route } from '../local-http/server.ts';
import type { MetricFamily } from './metric-family.ts';
import { renderMetrics } from './render-metrics.ts';

/** `GET /metrics`, for Prometheus. The families are made anew for each request. */
export function metricsRoute(families: () => readonly MetricFamily[]): Route {
  return {
    method: 'GET',
    path: '/metrics',
    answer: async () => {
      const { contentType, text } = await renderMetrics(families());
      return { status: 200, headers: { 'Content-Type': contentType }, body: text };
    },
  };
}
