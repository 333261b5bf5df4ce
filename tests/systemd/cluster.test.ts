/**
 * A host of a cluster as docs/cluster.md makes one, by its own commands and files: Debian's unit for the server, and the
 * installed sender with sender-cluster.conf. One server alone: what three do is tried elsewhere (npm run cluster).
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { block } from '../system/cluster-page.ts';
import { syncsAlways } from '../system/nats-servers.ts';
import { describeOnSystemd } from './can-boot.ts';
import {
  bootInstalled,
  delivered,
  edit,
  endOfJournal,
  lineSince,
  mainPid,
  savedToken,
  SENDER,
  SENDER_SETTINGS,
} from './installed.ts';
import type { Machine } from './machine.ts';
import type { MachineSandbox } from './sandbox.ts';

const SERVER = 'nats-server.service';
const DROP_IN = `/etc/systemd/system/${SENDER}.d/sender-cluster.conf`;
/** As root has it. */
const STORED = '/etc/credstore/token-refresh-sender.';
/** As the sender has it. */
const GIVEN = `/run/credentials/${SENDER}/`;
const KEYS = ['cluster_key', 'cluster_tls_key'] as const;

describeOnSystemd('a host of a cluster', () => {
  let machine: Machine;
  let sandbox: MachineSandbox;
  beforeAll(async () => {
    ({ machine, sandbox } = await bootInstalled());
    await machine.must('sh', '-c', 'echo 127.0.0.1 alpha.example >>/etc/hosts; mkdir /root/cluster');
    await type(block('sh'));
    await type(block('sh', 1));
    const file = block('conf').replace(/^cluster \{.*?^\}\n/ms, '');
    const sync = syncsAlways() ? 'sync_interval' : '$&';
    await machine.write('/etc/nats-server.conf', file.replace('# sync_interval', sync));
    await machine.write(`/etc/systemd/system/${SERVER}.d/override.conf`, block('ini'));
    await type(block('sh', 2));
    const settings = block('yaml').replace(/servers: .*/, 'servers: [alpha.example]');
    await edit(machine, SENDER_SETTINGS, (text) => `${text}\n${settings}`);
    await machine.systemctl('restart', SERVER);
  });
  afterAll(async () => machine[Symbol.asyncDispose]());
  afterEach(async () => {
    await machine.systemctl('stop', SENDER, 'token-receiver*');
    await machine.run('systemctl', 'reset-failed', SENDER);
  });

  /** Commands of the page, in the folder that only root can read. */
  const type = (commands: string) =>
    machine.mustWith({ input: commands }, 'bash', '-euc', 'cd /root/cluster; umask 077; source <(cat)');

  async function startAndLead(): Promise<void> {
    const cursor = await endOfJournal(machine);
    await machine.systemctl('start', 'token-receiver.socket', SENDER);
    await lineSince(machine, SENDER, /^Cluster: this host leads, and refreshes for all$/, cursor);
  }

  const secretOf = async (name: (typeof KEYS)[number]) => {
    const lines = (await machine.read(STORED + name)).split('\n');
    // Of PEM, the second one: the first is the same for every key.
    return lines[0]?.startsWith('-----') === true ? (lines[1] ?? '') : (lines[0] ?? '');
  };

  test('leads, refreshes for all, and its receiver has the token; the sandbox is the one of any sender', async () => {
    await startAndLead();
    const before = await savedToken(machine);
    expect(await machine.must('token-refresh-sender', 'refresh')).toMatch(/^Token refreshed successfully/);
    const token = await delivered(machine);
    expect(token).not.toBe(before);
    await machine.waitFor('the host in its own list', async () => {
      const { stdout } = await machine.run('token-refresh-sender', 'cluster', 'status');
      const lines = stdout
        .replace(/token of .* ago, revision \d+/, 'token')
        .replace(/the key \w+/, 'the key …')
        .split('\n');
      const expected = [
        'alpha: leads: this host refreshes for all',
        '  alpha, leader, healthy, token',
        '  sealed with the key …',
        '',
      ];
      return JSON.stringify(lines) === JSON.stringify(expected) ? true : undefined;
    });

    expect((await machine.show(SENDER, 'MemoryDenyWriteExecute')).MemoryDenyWriteExecute).toBe('yes');
    expect(await machine.read(`/proc/${await mainPid(machine, SENDER)}/maps`)).not.toMatch(/ rwxp /);
    expect(await machine.must('systemd-analyze', 'security', SENDER)).toMatch(/exposure level .*: 1\.1 OK/);
  });

  test('a restart ends nothing: it leads again, with the token that it had', async () => {
    await startAndLead();
    const token = await delivered(machine);
    const { requestCount } = await sandbox.state();
    const cursor = await endOfJournal(machine);
    await machine.systemctl('restart', SENDER);
    await lineSince(machine, SENDER, /^Cluster: this host leads/, cursor);
    expect(await savedToken(machine)).toBe(token);
    expect(await machine.must('token-receiver', 'token')).toBe(`${token}\n`);
    expect((await sandbox.state()).requestCount).toBe(requestCount);
  });

  test.each(KEYS)('%s is the sender’s and nobody else’s', async (name) => {
    await startAndLead();
    const secret = await secretOf(name);
    expect(secret.length).toBeGreaterThan(30);
    expect(await machine.must('stat', '--format=%a %U', STORED + name)).toBe('600 root\n');
    expect(await machine.mustWith({ user: 'token-sender' }, 'cat', GIVEN + name)).toContain(secret);
    for (const user of ['nobody', 'token-receiver', 'nats']) {
      for (const path of [GIVEN + name, STORED + name]) {
        const { stdout, exitCode } = await machine.runWith({ user }, 'cat', path);
        expect([user, path, stdout, exitCode]).toEqual([user, path, '', 1]);
      }
    }
    const process = `/proc/${await mainPid(machine, SENDER)}`;
    const told = await Promise.all([
      machine.read(`${process}/environ`),
      machine.read(`${process}/cmdline`),
      machine.systemctl('show', SENDER),
      machine.systemctl('status', SENDER),
      machine.must('journalctl', '--boot', '--output=export', '--all'),
      machine.must('token-refresh-sender', 'status', '--json'),
    ]);
    expect(told.every((text) => text.length > 50)).toBe(true);
    expect(told.filter((text) => text.includes(secret))).toEqual([]);
  });

  test.each([
    ['the key of the tokens', `${STORED}cluster_key`, /credential "cluster_key": see the example sender-cluster\.conf/],
    [
      'the key of its certificate',
      `${STORED}cluster_tls_key`,
      `${GIVEN}cluster_tls_key: cluster: there is no such credential: put its file into /etc/credstore`,
    ],
    ['the drop-in', DROP_IN, /credential "cluster_key": see the example sender-cluster\.conf/],
  ])('without %s it is not started again and again, and says what it lacks', async (_, path, words) => {
    await machine.must('mv', path, `${path}.away`);
    await machine.systemctl('daemon-reload');
    try {
      const cursor = await endOfJournal(machine);
      expect((await machine.run('systemctl', 'start', SENDER)).exitCode).toBe(1);
      const pattern = typeof words === 'string' ? new RegExp(words.replaceAll('.', '\\.')) : words;
      expect((await lineSince(machine, SENDER, pattern, cursor)).priority).toBe(3);
      expect(await machine.show(SENDER, 'ActiveState', 'ExecMainStatus', 'NRestarts')).toEqual({
        ...{ ActiveState: 'failed', ExecMainStatus: '78', NRestarts: '0' },
      });
    } finally {
      await machine.must('mv', `${path}.away`, path);
      await machine.systemctl('daemon-reload');
    }
  });
});
