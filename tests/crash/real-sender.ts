/** The built pair, the sender with its token file in a folder of its own, and started through another program. */
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { Bench, type Program } from '../system/processes.ts';

export class RealPair {
  readonly bench: Bench;
  receiver: Program | undefined;

  private constructor(bench: Bench) {
    this.bench = bench;
  }

  static async make(): Promise<RealPair> {
    const bench = await Bench.make();
    const pair = new RealPair(bench);
    await mkdir(pair.folder, { mode: 0o700 });
    await copyFile(bench.tokenFile, pair.tokenFile);
    await chmod(pair.tokenFile, 0o600);
    pair.receiver = bench.receiver();
    await pair.receiver.line(/token-receiver .* started/);
    return pair;
  }

  get folder(): string {
    return this.bench.path('tokens');
  }

  get tokenFile(): string {
    return this.bench.path('tokens/schwab_tokens.json');
  }

  startSender(options: { through?: readonly string[]; env?: Record<string, string> } = {}): Program {
    return this.bench.start('token-refresh-sender', ['run', ...this.senderArguments()], options);
  }

  async command(...args: string[]): Promise<{ code: number | null; text: string }> {
    const { code, stdout, stderr } = await this.bench.start('token-refresh-sender', [
      ...args,
      ...this.senderArguments(),
    ]).finished;
    return { code, text: stdout + stderr };
  }

  senderArguments(): string[] {
    return [...this.bench.senderArguments(), `--token-file=${this.tokenFile}`, '--log-file=none'];
  }

  /** What an application is given; undefined if there is nothing. */
  async served(): Promise<string | undefined> {
    const { status, text } = await this.bench.get('/v1/token/raw');
    return status === 200 ? text.trim() : undefined;
  }

  /** The newest access token that Schwab has given. */
  issued(): string {
    const file = JSON.parse(this.bench.sandbox.tokenFileText()) as { token: { access_token: string } };
    return file.token.access_token;
  }

  /** Resolves when an application is given the newest token. */
  async delivered(): Promise<void> {
    const receiver = this.receiver;
    if (receiver === undefined) throw new Error('no receiver');
    for (;;) {
      const seen = receiver.lines.length;
      if ((await this.served()) === this.issued()) return;
      await receiver.line(/./, seen);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}
