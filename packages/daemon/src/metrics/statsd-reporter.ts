import type { StatsD } from 'hot-shots';
import { errnoOf } from '../errno.ts';
import type { Log } from '../log.ts';
import type { MetricFamily } from './metric-family.ts';
import type { StatsdAddress } from './statsd-address.ts';
import { statsdSamples, type StatsdSample } from './statsd-samples.ts';

export interface StatsdReporterOptions {
  readonly address: StatsdAddress;
  readonly families: () => readonly MetricFamily[];
  readonly log: Log;
  /** From the end of one report to the next; default 10 000. */
  readonly intervalMs?: number;
}

interface Client {
  readonly ip: string;
  readonly statsd: StatsD;
}

/**
 * Sends the metrics to a StatsD server, under the same names as Prometheus has them, with labels as DogStatsD tags
 * (`name:1|c|#from:unix`): Datadog's agent, Telegraf, Vector, statsd_exporter and the OpenTelemetry collector know those.
 *
 * The first report comes after one interval; only then is hot-shots loaded. Whatever happens to a report hurts nobody:
 * one WARN, and the next report says what this one could not, for a counter is only taken as sent when it was. One at a
 * time, so that a name server that hangs is asked once. It does not keep the process alive.
 */
export class StatsdReporter {
  readonly #options: StatsdReporterOptions;
  readonly #intervalMs: number;
  readonly #reported = new Map<string, number>();
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;
  #isClosed = false;

  constructor(options: StatsdReporterOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? 10_000;
    this.#schedule();
  }

  /** Sends nothing more. What was counted since the last report is lost, as it is when a process ends. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#turn(), this.#intervalMs).unref();
  }

  async #turn(): Promise<void> {
    const { address, log } = this.#options;
    const where = `${address.host}:${address.port}`;
    try {
      await this.#report();
      if (this.#isFailing) log.info(`StatsD: sending to ${where} again`);
      this.#isFailing = false;
    } catch (error) {
      this.#drop();
      const why = errnoOf(error) ?? (error instanceof Error ? error.message : 'unknown error');
      const text = `StatsD: the metrics cannot be sent to ${where} (${why}); trying again every ${this.#intervalMs / 1_000} s`;
      if (!this.#isClosed) log[this.#isFailing ? 'debug' : 'warn'](text);
      this.#isFailing = true;
    }
    if (this.#isClosed) this.#drop();
    else this.#schedule();
  }

  async #report(): Promise<void> {
    const client = await this.#connect();
    for (const sample of statsdSamples(this.#options.families(), this.#reported)) {
      if (this.#isClosed) return;
      await send(client, sample);
      if (sample.reported !== undefined) this.#reported.set(sample.reported.key, sample.reported.total);
    }
  }

  /** The name is looked up for each report: the address behind it may change. hot-shots would ask once for each metric. */
  async #connect(): Promise<StatsD> {
    const { host, port } = this.#options.address;
    const { lookup } = await import('node:dns/promises');
    const { address: ip } = await lookup(host);
    if (this.#client?.ip === ip) return this.#client.statsd;
    this.#drop();
    const { StatsD } = await import('hot-shots');
    const statsd = new StatsD({
      host: ip,
      port,
      // Nothing of Datadog's environment variables, and nothing on the console.
      includeDataDogTags: false,
      datadog: false,
      errorHandler: () => undefined,
      closingFlushInterval: 1,
    });
    this.#client = { ip, statsd };
    return statsd;
  }

  #drop(): void {
    this.#client?.statsd.close(() => undefined);
    this.#client = undefined;
  }
}

function send(client: StatsD, { type, name, value, tags }: StatsdSample): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { tags: { ...tags } };
    const done = (error?: Error | null): void => {
      if (error instanceof Error) reject(error);
      else resolve();
    };
    if (type === 'gauge') client.gauge(name, value, options, done);
    else client.increment(name, value, options, done);
  });
}
