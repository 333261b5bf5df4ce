/** Metrics as plain values, in Prometheus's terms. Pure: no client library here. */

export interface MetricSample {
  /** Few different values each, known beforehand: every combination is a time series of its own. Never a secret. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  /** With its unit, as Prometheus wants it: `_seconds`, `_bytes`, and `_total` at the end of a counter's. */
  readonly name: string;
  /** For people. */
  readonly help: string;
  /** A counter only grows while the process lives. */
  readonly type: 'counter' | 'gauge';
  /** None: the value is not known, and the metric is left out. */
  readonly samples: readonly MetricSample[];
}

/** @param values one value, `true` as 1; undefined for one that is not known; or a list of samples with labels */
export type MakeFamily = (
  name: string,
  help: string,
  values: number | boolean | undefined | readonly MetricSample[],
) => MetricFamily;

/** What makes families whose names all begin with `prefix`. */
export function metricsOf(prefix: string): { readonly gauge: MakeFamily; readonly counter: MakeFamily } {
  const make =
    (type: MetricFamily['type']): MakeFamily =>
    (name, help, values) => ({ name: prefix + name, help, type, samples: samplesOf(values) });
  return { gauge: make('gauge'), counter: make('counter') };
}

/** A value for each value of one label: `samplesBy('code', { timeout: 2 })`. */
export function samplesBy(
  label: string,
  values: Readonly<Record<string, number | undefined>>,
): readonly MetricSample[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ labels: { [label]: name }, value }],
  );
}

/** Prometheus has times in seconds. */
export function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

function samplesOf(values: Parameters<MakeFamily>[2]): readonly MetricSample[] {
  if (values === undefined) return [];
  return typeof values === 'object' ? values : [{ value: Number(values) }];
}
