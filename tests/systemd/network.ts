/** A machine whose network is down: every connect fails with ENETUNREACH, those to its own loopback too. */
import type { Machine } from './machine.ts';

/**
 * The loopback is taken down by a rule, because systemd 252 sets the interface up again whenever it starts a service with
 * PrivateIPC=yes. The kernel's first rule, which has priority 0, makes room for ours.
 */
const DOWN = [
  'ip rule add pref 10 lookup local',
  'ip rule del pref 0 lookup local',
  'ip rule add pref 1 to 127.0.0.0/8 unreachable',
].join(' && ');

const UNIT = 'network-is-down.service';

export async function takeNetworkDown(machine: Machine): Promise<void> {
  await machine.must('sh', '-c', DOWN);
}

export async function bringNetworkUp(machine: Machine): Promise<void> {
  await machine.must('ip', 'rule', 'del', 'pref', '1');
}

/** From the next boot on, the network is down before any service starts, and stays so until it is brought up. */
export async function bootWithoutNetwork(machine: Machine): Promise<void> {
  await machine.writeUnit(
    UNIT,
    `[Unit]
DefaultDependencies=no
Before=basic.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c '${DOWN}'
[Install]
WantedBy=basic.target
`,
  );
  await machine.systemctl('enable', '--quiet', UNIT);
}
