/** A copy of this machine's files in which anything may be installed: an overlay, in a mount namespace of its own. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { describe } from 'vitest';

/** Ends, and with it all of its mounts, when its standard input does. */
const SET_UP = `
set -euo pipefail
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir /run/root
layer=0
throw_away() {
  layer=$((layer + 1))
  mkdir -p /run/layers/$layer/upper /run/layers/$layer/work "$2"
  chmod --reference="$1" /run/layers/$layer/upper
  mount -t overlay -o "lowerdir=$1,upperdir=/run/layers/$layer/upper,workdir=/run/layers/$layer/work" overlay "$2"
}
throw_away / /run/root
# An overlay shows one filesystem; these may be others.
for folder in /usr /usr/local /var; do if mountpoint -q "$folder"; then throw_away "$folder" "/run/root$folder"; fi; done
for folder in /run /tmp; do mount -t tmpfs tmpfs "/run/root$folder"; done
mount --rbind /dev /run/root/dev
mount -t proc proc /run/root/proc
# This machine may have forbidden that packages start services; here there is no systemd to start them.
rm -f /run/root/usr/sbin/policy-rc.d
mkdir /run/root/tmp/packages
cp "$@" /run/root/tmp/packages
echo ready
exec cat
`;

export interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

export class ThrowAwayRoot implements AsyncDisposable {
  readonly #life: ChildProcess;

  private constructor(life: ChildProcess) {
    this.#life = life;
  }

  /** @param packages are put into its /tmp/packages */
  static async open(packages: readonly string[]): Promise<ThrowAwayRoot> {
    const life = spawn('unshare', ['--mount', 'bash', '-c', SET_UP, 'bash', ...packages], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const [said] = (await Promise.race([once(life.stdout, 'data'), once(life.stderr, 'data')])) as [Buffer];
    if (said.toString() === 'ready\n') return new ThrowAwayRoot(life);
    life.kill();
    throw new Error(`no throw-away root: ${said.toString()}`);
  }

  /** Runs a shell script in it, with a umask that nothing may rely on. */
  run(script: string, env: Readonly<Record<string, string>> = {}): Outcome {
    const command = [
      '--mount',
      `--target=${this.#life.pid ?? 0}`,
      'chroot',
      '/run/root',
      'sh',
      '-c',
      `umask 077; ${script}`,
    ];
    const { status, stdout, stderr, error } = spawnSync('nsenter', command, {
      encoding: 'utf8',
      timeout: 100_000,
      env: { PATH: process.env['PATH'], DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', ...env },
    });
    if (error !== undefined) throw error;
    return { exitCode: status ?? -1, output: `${stdout}${stderr}` };
  }

  /** What it printed. @throws Error with that, if it fails */
  must(script: string, env: Readonly<Record<string, string>> = {}): string {
    const { exitCode, output } = this.run(script, env);
    if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}:\n${output}`);
    return output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#life, 'exit');
    this.#life.stdin?.end();
    await ended;
  }
}

/** `describe` for tests that need a throw-away root, which takes root and Debian. With CI=true they have to run. */
export function describeInThrowAwayRoot(name: string, tests: () => void): void {
  const obstacle = rootObstacle();
  if (obstacle === undefined) {
    describe(name, tests);
    return;
  }
  if (process.env['CI'] === 'true') throw new Error(`${name}: ${obstacle}. With CI=true these tests have to run`);
  console.warn(`skipped: ${name}: ${obstacle}`);
  describe.skip(name, tests);
}

function rootObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it takes root';
  if (!existsSync('/var/lib/dpkg/status')) return 'it takes Debian';
  const tried = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/run'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `no mount is allowed here: ${tried.stderr.trim()}`;
}
