/**
 * A machine of its own: a systemd that booted in a container over a throw-away copy of this machine's files, with the
 * checkout in it and nothing but a loopback for a network. `await using machine = await Machine.boot()`.
 */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { isRecording, recordOutput, recordSecret } from '../record/record.ts';
import { parseJournalLine, type JournalEntry } from './journal.ts';
import { ENV, Power } from './power.ts';
import { PATIENCE_MS, Program, runToEnd, type Outcome, type ProgramOptions } from './program.ts';

/** Where the checkout is in the machine. What is written there is seen by nobody else and gone with the machine. */
export const CHECKOUT = '/mnt/checkout';
/** Where the sandbox in the machine keeps its record (tests/record). */
export const SANDBOX_RECORD = '/var/lib/schwab-sandbox';
/** The pinned Node in the machine. */
export const NODE = `${CHECKOUT}/node_modules/node-linux-${process.arch}/bin/node`;

/** Between two looks at what may change without a line in the journal. */
const LOOK_INTERVAL_MS = 500;

export interface RunOptions extends ProgramOptions {
  /** the name of one of the machine's users, with that user's groups; root without it */
  readonly user?: string;
  readonly timeoutMs?: number;
}

export class Machine implements AsyncDisposable {
  readonly name: string;
  readonly #power: Power;
  /** what goes on in the machine for us */
  readonly #programs = new Set<Program>();

  private constructor(name: string, power: Power) {
    this.name = name;
    this.#power = power;
  }

  /** Resolves when the boot is over. @param options.checkout what is to be at CHECKOUT; this checkout without it */
  static async boot(options: { readonly checkout?: string } = {}): Promise<Machine> {
    const { checkout = join(import.meta.dirname, '../..') } = options;
    const name = `token-relay-${randomBytes(4).toString('hex')}`;
    return new Machine(name, await Power.on(name, checkout));
  }

  /** Runs a command as root to its end, whatever its exit code. Rejects if it takes longer than a minute. */
  run(...command: readonly string[]): Promise<Outcome> {
    return this.runWith({}, ...command);
  }

  async runWith(options: RunOptions, ...command: readonly string[]): Promise<Outcome> {
    return runToEnd(this.#power.inside(command, options.user), optionsInside(command, options));
  }

  /** What it printed; rejects with everything if its exit code is not 0. */
  async must(...command: readonly string[]): Promise<string> {
    return this.mustWith({}, ...command);
  }

  async mustWith(options: RunOptions, ...command: readonly string[]): Promise<string> {
    const { stdout, stderr, exitCode } = await this.runWith(options, ...command);
    if (exitCode === 0) return stdout;
    throw new Error(`${command.join(' ')} ended with ${exitCode}:\n${stderr}${stdout}`);
  }

  /** Starts a command that goes on. It ends with the machine at the latest. */
  start(options: Omit<RunOptions, 'timeoutMs'>, ...command: readonly string[]): Program {
    const program = new Program(this.#power.inside(command, options.user), optionsInside(command, options));
    this.#programs.add(program);
    const hasEnded = (): boolean => this.#programs.delete(program);
    program.outcome.then(hasEnded, hasEnded);
    return program;
  }

  /** Writes a file, with the folders that it needs. @param owner `user` or `user:group` */
  async write(path: string, content: string | Buffer, mode = 0o644, owner = 'root:root'): Promise<void> {
    const [user = 'root', group = user] = owner.split(':');
    const flags = ['-D', `--mode=${mode.toString(8)}`, `--owner=${user}`, `--group=${group}`];
    // What a program of Node reads from is a socket, which cannot be opened by name; a pipe can.
    const script = 'cat | install "$@"';
    await this.mustWith({ input: content }, 'sh', '-c', script, 'sh', ...flags, '/dev/stdin', path);
  }

  read(path: string): Promise<string> {
    return this.must('cat', path);
  }

  /** Copies a file or folder of this machine into a folder of that one, which is made. */
  async copyIn(source: string, folder: string): Promise<void> {
    await this.must('mkdir', '-p', folder);
    const script = 'tar --create --directory="$1" --file=- -- "$2" | "${@:3}"';
    const extract = this.#power.inside(['tar', '--extract', '--no-same-owner', '--file=-', `--directory=${folder}`]);
    const command = ['bash', '-o', 'pipefail', '-c', script, 'bash', dirname(source), basename(source), ...extract];
    const { exitCode, stderr } = await runToEnd(command, { env: ENV });
    if (exitCode !== 0) throw new Error(`${source} could not be copied into the machine: ${stderr}`);
  }

  /** Writes a unit file, and lets systemd know. */
  async writeUnit(name: string, text: string): Promise<void> {
    await this.write(`/etc/systemd/system/${name}`, text);
    await this.must('systemctl', 'daemon-reload');
  }

  systemctl(...args: readonly string[]): Promise<string> {
    return this.must('systemctl', ...args);
  }

  /** Properties of a unit, by name, as `systemctl show` prints them. */
  async show<Name extends string>(unit: string, ...names: readonly Name[]): Promise<Record<Name, string>> {
    const text = await this.systemctl('show', unit, ...names.map((name) => `--property=${name}`));
    const lines = text.split('\n').filter((line) => line.includes('='));
    const pairs = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
    return Object.fromEntries(pairs) as Record<Name, string>;
  }

  /** What the journal has of a unit since the boot: its own lines, and systemd's about it. */
  async journal(unit: string, ...filters: readonly string[]): Promise<readonly JournalEntry[]> {
    await this.must('journalctl', '--sync');
    const text = await this.must('journalctl', '--boot', '--output=json', '--all', `--unit=${unit}`, ...filters);
    return text.split('\n').filter(Boolean).map(parseJournalLine);
  }

  /** The first line of a unit that matches, as soon as it is there. @param afterCursor only what is younger */
  async journalLine(unit: string, pattern: RegExp, afterCursor?: string): Promise<JournalEntry> {
    const from = afterCursor === undefined ? '--boot' : `--after-cursor=${afterCursor}`;
    const follow = ['--follow', '--lines=all', '--output=json', '--all', `--unit=${unit}`, from];
    await using follower = this.start({}, 'journalctl', ...follow);
    return await follower.find(`A line of ${unit} that matches ${String(pattern)}`, (line) => {
      const entry = parseJournalLine(line);
      return pattern.test(entry.message) ? entry : undefined;
    });
  }

  /** What `look` finds. It looks again after each line of the journal, and now and then for what leaves no line. */
  async waitFor<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    await using follower = this.start({}, 'journalctl', '--follow', '--lines=0', '--output=cat');
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadlineMs) {
        throw new Error(`${what} did not come; meanwhile, the journal:\n${follower.lines.join('\n')}`);
      }
      await follower.news(LOOK_INTERVAL_MS);
    }
  }

  /** Resolves when it has booted again. What was not written to /run, /tmp or /dev is still there. */
  async reboot(): Promise<void> {
    await this.#endPrograms();
    await this.#record();
    await this.#power.reboot();
  }

  /** Resolves when nothing of it is left. */
  async poweroff(): Promise<void> {
    await this.#endPrograms();
    await this.#record();
    await this.#power.off();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#power.isOff) return;
    try {
      await this.poweroff();
    } finally {
      await this.#power.cut();
    }
  }

  /** What the sandbox used for secrets, and what both daemons and systemd said of them since the boot. */
  async #record(): Promise<void> {
    if (!isRecording) return;
    const { stdout: secrets } = await this.run('sh', '-c', `cat ${SANDBOX_RECORD}/secrets* || true`);
    for (const line of secrets.split('\n').filter(Boolean)) recordSecret(String(JSON.parse(line)));
    const ours = ['token-receiver', 'token-refresh-sender'].map((name) => `SYSLOG_IDENTIFIER=${name}`);
    const filters = ['--boot', '--all', '--output=export', ours[0] ?? '', '+', ours[1] ?? ''];
    const { stdout: journal } = await this.run('journalctl', ...filters);
    recordOutput('journal', journal);
    const { stdout: shown } = await this.run(
      'systemctl',
      'show',
      'token-receiver.service',
      'token-refresh-sender.service',
    );
    recordOutput('systemctl-show', shown);
  }

  /** systemd is not told of the end of what is not its child: with one of them left, its shutdown takes 10 s. */
  async #endPrograms(): Promise<void> {
    await Promise.allSettled([...this.#programs].map((program) => program.kill()));
  }
}

function optionsInside<Options extends RunOptions>(command: readonly string[], options: Options): Options {
  return { ...options, env: { ...ENV, ...options.env }, name: command.join(' ') };
}
