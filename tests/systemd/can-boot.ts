/** Whether a systemd can be booted here: that takes root, systemd-nspawn, and the right to mount and to make cgroups. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { recordNotRun } from '../record/record.ts';

/** Everything that boot.sh needs the kernel's leave for, tried in namespaces of its own, which end with it. */
const TRY_OUT = `
set -e
mount -t tmpfs tmpfs /run
mkdir /run/upper /run/work /run/root
mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work overlay /run/root
for hierarchy in /sys/fs/cgroup/unified /sys/fs/cgroup; do
  if [ -f $hierarchy/cgroup.procs ]; then mkdir $hierarchy/token-relay-try-$1; rmdir $hierarchy/token-relay-try-$1; exit; fi
done
echo 'there is no cgroup version 2' >&2
exit 1
`;

/** What keeps a systemd from being booted here, for people; undefined if nothing does. */
function bootObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it takes root';
  if (!existsSync('/usr/bin/systemd-nspawn')) return "it takes systemd-nspawn, from Debian's package systemd-container";
  const tried = spawnSync(
    'unshare',
    ['--mount', '--mount-proc', '--pid', '--fork', '--kill-child', 'bash', '-c', TRY_OUT, 'bash', String(process.pid)],
    { encoding: 'utf8', timeout: 30_000, killSignal: 'SIGKILL' },
  );
  if (tried.error !== undefined) return tried.error.message;
  return tried.status === 0 ? undefined : `no new namespace, mount or cgroup is allowed here: ${tried.stderr.trim()}`;
}

/**
 * `describe` for tests that boot a systemd. Where none can be booted they are skipped, and the console says why; with
 * CI=true that is an error instead, because there they must run.
 */
export function describeOnSystemd(name: string, tests: () => void, env: NodeJS.ProcessEnv = process.env): void {
  const obstacle = bootObstacle();
  if (obstacle === undefined) {
    describe(name, tests);
    return;
  }
  const message = `${name}: no systemd can be booted here: ${obstacle}`;
  if (env['CI'] === 'true') throw new Error(`${message}. With CI=true these tests have to run`);
  console.warn(`skipped: ${message}`);
  recordNotRun();
  describe.skip(name, tests);
}
