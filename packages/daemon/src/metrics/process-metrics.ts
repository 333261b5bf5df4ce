/** What every Prometheus client says of its process, under the names that dashboards know. Pure. */
import { inSeconds, metricsOf, type MetricFamily } from './metric-family.ts';

export interface ProcessReadings {
  /** When the process started, in epoch milliseconds. */
  readonly startedAtMs: number;
  readonly residentBytes: number;
  /** User and system time since the start. */
  readonly cpuSeconds: number;
}

const { gauge, counter } = metricsOf('process_');

export function processMetrics({ startedAtMs, residentBytes, cpuSeconds }: ProcessReadings): readonly MetricFamily[] {
  return [
    gauge('start_time_seconds', 'When the process started, in seconds since 1970', inSeconds(startedAtMs)),
    gauge('resident_memory_bytes', 'Resident memory of the process', residentBytes),
    counter('cpu_seconds_total', 'User and system CPU time of the process', cpuSeconds),
  ];
}
