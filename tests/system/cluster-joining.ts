/** A sender that joins a cluster over a store that is not as it should be. */
import { expect } from 'vitest';
import { Road } from './nats-servers.ts';
import { Bench, type Program } from './processes.ts';

/** Of every host that is given no other. */
export const KEY = 'a1'.repeat(32);
export const OTHER_KEY = 'b2'.repeat(32);

export interface JoiningOptions {
  readonly host?: string;
  readonly key?: string;
  /** lines of sender.yaml outside of `cluster:` */
  readonly besides?: readonly string[];
}

/** A sender, and the road to its store. Dispose of it with `await using`. */
export class Joining {
  readonly bench: Bench;
  readonly road: Road;
  #sender: Program | undefined;

  private constructor(bench: Bench, road: Road) {
    this.bench = bench;
    this.road = road;
  }

  static async make(port: number): Promise<Joining> {
    return new Joining(await Bench.make(), await Road.to(port));
  }

  /** @param more what stands under `cluster:` besides the server and the key, and `besides` that */
  async start(more: readonly string[] = [], options: JoiningOptions = {}): Promise<void> {
    const { host = 'alpha', key = KEY, besides = [] } = options;
    await this.bench.write('cluster.key', `${key}\n`, 0o600);
    const lines = [`servers: ["${this.road.address}"]`, `host: ${host}`, 'keys: [cluster.key]', ...more];
    const cluster = ['cluster:', ...lines.map((line) => `  ${line}`)];
    await this.bench.write('sender.yaml', [...besides, ...cluster, ''].join('\n'));
    this.#sender = this.bench.sender(`--config=${this.bench.path('sender.yaml')}`);
  }

  get sender(): Program {
    if (this.#sender === undefined) throw new Error('not started');
    return this.#sender;
  }

  /** What it says of the store, its address put as ADDRESS; by then it has refreshed as a single machine. */
  async trouble(): Promise<string> {
    const line = await this.sender.line(/cannot be used/);
    const asked = this.bench.sandbox.requests.length;
    const refreshed = await this.bench.senderCommand('refresh');
    expect(refreshed.stderr + refreshed.stdout).toContain('refreshed');
    expect(refreshed.code).toBe(0);
    expect(this.bench.sandbox.requests).toHaveLength(asked + 1);
    return line
      .replaceAll(this.road.address, 'ADDRESS')
      .replace(/^.*the store cannot be used: /, '')
      .replace(/\. This host goes on alone, as a single machine$/, '');
  }

  /**
   * It leads by itself, once the store was put right; until then there was one line, however often it tried.
   * @param afterwards what it says while that is put right
   */
  async joins(afterwards: readonly RegExp[] = []): Promise<void> {
    await this.sender.line(/this host leads, and refreshes for all/);
    const complaints = this.sender.lines.filter((line) => /cannot be used|is away/.test(line));
    expect(complaints).toEqual([/cannot be used/, ...afterwards].map((words): unknown => expect.stringMatching(words)));
    expect((await this.sender.stop()).code).toBe(0);
  }

  /** It has tried again since. */
  async triedAgain(): Promise<void> {
    await this.road.nextVisit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
    await this.road[Symbol.asyncDispose]();
  }
}
