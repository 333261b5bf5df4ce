/** A container from its boot to its end (boot.sh), and the way into it. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Program, runToEnd } from './program.ts';

/** What a command in the machine has, and nothing of who runs the tests. */
export const ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  HOME: '/root',
};
const BOOT_LIMIT_MS = 60_000;
const POWEROFF_LIMIT_MS = 30_000;
/** Between two looks at what tells nobody when it changes. */
const LOOK_INTERVAL_MS = 50;

/**
 * The machines that are on. Each ends with this process, whose pipe is its life line; and when vitest is gone, which
 * leaves this process, its worker, waiting for the end of a test that nobody awaits any more.
 */
const machinesThatAreOn = new Set<Program>();
process.once('disconnect', () => {
  for (const container of machinesThatAreOn) container.endInput();
});

export class Power {
  readonly #name: string;
  readonly #container: Program;
  /** the process here that is process 1 there */
  #leader = 0;

  private constructor(name: string, checkout: string) {
    this.#name = name;
    const container = new Program(['bash', join(import.meta.dirname, 'boot.sh'), name, checkout], {
      stdin: 'open',
      env: ENV,
    });
    this.#container = container;
    machinesThatAreOn.add(container);
    const isOff = (): boolean => machinesThatAreOn.delete(container);
    container.outcome.then(isOff, isOff);
  }

  /** Resolves when the boot is over. */
  static async on(name: string, checkout: string): Promise<Power> {
    const power = new Power(name, checkout);
    try {
      await power.#booted();
      return power;
    } catch (error) {
      await power.cut();
      throw error;
    }
  }

  get isOff(): boolean {
    return this.#container.hasEnded;
  }

  /**
   * The command to be run here, so that `command` runs there. What enters the machine is a shell that stays out of its
   * process namespace (--no-fork), in which its children are. nsenter's own way of waiting stops with a child that is
   * stopped, as all are at a poweroff, which then never ends. The shell outlives a signal, so that it is there to bury
   * the child: a poweroff waits for the dead that nobody has buried.
   */
  inside(command: readonly string[], user?: string): readonly string[] {
    const namespaces = ['--mount', '--uts', '--ipc', '--pid', '--net', '--cgroup'];
    const enter = ['nsenter', '--no-fork', `--target=${this.#leader}`, ...namespaces, '--'];
    if (user === undefined) return [...enter, 'sh', '-c', 'trap exit TERM INT; "$@"; exit', 'sh', ...command];
    const become = 'setpriv --reuid="$0" --regid="$group" --init-groups -- "$@"';
    const script = `trap exit TERM INT; group=$(id -g "$0") && ${become}; exit`;
    return [...enter, 'sh', '-c', script, user, ...command];
  }

  /** Resolves when it has booted again. */
  async reboot(): Promise<void> {
    const before = this.#leader;
    // The command may be ended by what it asked for.
    await runToEnd(this.inside(['systemctl', 'reboot']), { env: ENV });
    await this.#booted(before);
  }

  /** Resolves when nothing of it is left; rejects if that took more than a poweroff. */
  async off(): Promise<void> {
    await runToEnd(this.inside(['systemctl', 'poweroff']), { env: ENV });
    const slow = setTimeout(() => this.#container.endInput(), POWEROFF_LIMIT_MS);
    const { exitCode, stdout, stderr } = await this.#container.outcome.finally(() => clearTimeout(slow));
    if (exitCode !== 0) throw new Error(`The machine was not powered off in order (${exitCode}):\n${stderr}${stdout}`);
  }

  /** Resolves when nothing of it is left. */
  async cut(): Promise<void> {
    this.#container.endInput();
    await this.#container.outcome;
  }

  async #booted(previousLeader = 0): Promise<void> {
    const signal = AbortSignal.timeout(BOOT_LIMIT_MS);
    const look = async <T>(what: string, find: () => Promise<T | undefined>): Promise<T> => {
      for (;;) {
        const found = await find();
        if (found !== undefined) return found;
        if (this.isOff || signal.aborted) throw new Error(`${what}:\n${this.#container.lines.join('\n')}`);
        await pause(LOOK_INTERVAL_MS);
      }
    };
    this.#leader = await look('systemd did not start', async () => {
      const pid = await firstProcess(this.#name);
      return pid === previousLeader ? undefined : pid;
    });
    await look('The boot did not end', async () => {
      // Before it can be asked, this ends at once, with "offline" or an error. What of this machine's units does not
      // work in a container is no matter: then it is "degraded".
      const command = ['systemctl', 'is-system-running', '--wait'];
      const { stdout } = await runToEnd(this.inside(command), { env: ENV, timeoutMs: BOOT_LIMIT_MS });
      return /^(running|degraded)$/m.test(stdout) ? true : undefined;
    });
  }
}

/** The process here that is the container's process 1: systemd puts itself, alone, into init.scope. */
async function firstProcess(name: string): Promise<number | undefined> {
  const hierarchy = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(`${path}/cgroup.procs`));
  const procs = await readFile(`${hierarchy ?? ''}/${name}/payload/init.scope/cgroup.procs`, 'utf8').catch(() => '');
  const pid = Number(procs.split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}
