/**
 * Application units with `LoadCredential=schwab-token:…/credential.sock`. systemd takes what it reads until end of file
 * for the credential, nothing included; only one of more than 1 MiB is refused.
 */
import { expect, test } from 'vitest';
import { describeOnSystemd } from './can-boot.ts';
import { CHECKOUT, Machine, NODE } from './machine.ts';

const SOCKET = '/run/token-receiver/credential.sock';
const RECEIVER = 'token-receiver.service';

/** One message to the token socket, and the answer. */
const DELIVER = `
const socket = require('node:net').connect('/run/token-receiver/token.sock');
socket.setEncoding('utf8').on('data', (reply) => console.log(reply));
socket.write(JSON.stringify({ access_token: process.argv[1], expires_at: Number(process.argv[2]) }));
`;

async function deliver(machine: Machine, token: string, lifeSeconds = 1_800): Promise<void> {
  const expiresAt = Math.floor(Date.now() / 1_000) + lifeSeconds;
  expect(await machine.must(NODE, '--eval', DELIVER, token, String(expiresAt))).toBe('OK\n');
}

/** A machine with a receiver on it, and units `application@….service` that say what their credential is. */
async function machineWithReceiver(...flags: readonly string[]): Promise<Machine> {
  const machine = await Machine.boot();
  const command = [NODE, `${CHECKOUT}/apps/receiver/bundle/main.cjs`, 'run', ...flags];
  await machine.writeUnit(
    RECEIVER,
    `[Service]\nType=notify\nRuntimeDirectory=token-receiver\nExecStart=${command.join(' ')}\n`,
  );
  await machine.writeUnit(
    'application@.service',
    `[Service]
Type=oneshot
RemainAfterExit=yes
DynamicUser=yes
LoadCredential=schwab-token:${SOCKET}
ExecStart=/bin/sh -c 'stat --format=%%a $CREDENTIALS_DIRECTORY/schwab-token; echo "$(cat $CREDENTIALS_DIRECTORY/schwab-token; echo .)"'
`,
  );
  await machine.systemctl('start', RECEIVER);
  return machine;
}

async function said(machine: Machine, unit: string): Promise<readonly string[]> {
  const own = (await machine.journal(unit)).filter((entry) => entry.unit === unit);
  return own.map(({ message }) => message);
}

/** Starts a unit, and resolves when it is connected to the socket and waits. */
async function startAndWait(machine: Machine, unit: string): Promise<void> {
  await machine.systemctl('start', '--no-block', unit);
  await machine.waitFor('the connection', async () => {
    const { exitCode } = await machine.run('grep', '--quiet', ' 03 .*/credential.sock$', '/proc/net/unix');
    return exitCode === 0 ? true : undefined;
  });
}

async function result(machine: Machine, unit: string) {
  return machine.waitFor(`the end of ${unit}`, async () => {
    const { ActiveState, Result, ExecMainStatus } = await machine.show(unit, 'ActiveState', 'Result', 'ExecMainStatus');
    return ActiveState === 'activating' ? undefined : { ActiveState, Result, ExecMainStatus };
  });
}

const REFUSED = { ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '243' };

describeOnSystemd('an application unit with LoadCredential', () => {
  test('finds the newest token in its credentials folder, byte for byte and for its eyes only; many at once do', async () => {
    await using machine = await machineWithReceiver();
    await deliver(machine, 'made-up-first');
    await deliver(machine, 'made-up-second');
    const units = Array.from({ length: 20 }, (_, number) => `application@${number}.service`);
    await machine.systemctl('start', ...units);
    for (const unit of units) expect(await said(machine, unit)).toEqual(['400', 'made-up-second.']);
  });

  test('waits for a token, holds up no other unit meanwhile, and starts with the one that comes', async () => {
    await using machine = await machineWithReceiver();
    await startAndWait(machine, 'application@early.service');
    await machine.must('systemd-run', '--wait', '--quiet', 'true');
    expect((await machine.show('application@early.service', 'ActiveState')).ActiveState).toBe('activating');
    await deliver(machine, 'made-up-late');
    expect(await result(machine, 'application@early.service')).toMatchObject({ ActiveState: 'active' });
    expect(await said(machine, 'application@early.service')).toEqual(['400', 'made-up-late.']);
  });

  test.each([
    ['none comes in time', undefined],
    ['the one that is held has expired', -60],
  ])('fails, is never run, and the receiver says why: %s', async (_, lifeSeconds) => {
    await using machine = await machineWithReceiver('--credential-wait=1s');
    if (lifeSeconds !== undefined) await deliver(machine, 'made-up-expired', lifeSeconds);
    const started = await machine.run('systemctl', 'start', 'application@none.service');
    expect(started.exitCode).toBe(1);
    expect(await result(machine, 'application@none.service')).toEqual(REFUSED);
    expect(await said(machine, 'application@none.service')).not.toContain('400');
    const why = await machine.journalLine(RECEIVER, /there is no valid token: none came within 1 s/);
    expect(why.priority).toBe(4);
  });

  test('fails, and is not started without a token, when the receiver stops while it waits', async () => {
    await using machine = await machineWithReceiver();
    await startAndWait(machine, 'application@waiting.service');
    await machine.systemctl('stop', RECEIVER);
    expect(await result(machine, 'application@waiting.service')).toEqual(REFUSED);
    expect(await said(machine, 'application@waiting.service')).not.toContain('400');
  });

  test('fails at once where no receiver runs', async () => {
    await using machine = await machineWithReceiver();
    await machine.systemctl('stop', RECEIVER);
    expect((await machine.run('systemctl', 'start', 'application@alone.service')).exitCode).toBe(1);
    expect(await result(machine, 'application@alone.service')).toEqual(REFUSED);
  });

  test('is not started without a token by 300 that want one at once', async () => {
    await using machine = await machineWithReceiver('--credential-wait=1s');
    const units = Array.from({ length: 300 }, (_, number) => `application@${number}.service`);
    expect((await machine.run('systemctl', 'start', ...units)).exitCode).toBe(1);
    const states = await machine.systemctl('show', '--property=ActiveState', '--value', 'application@*.service');
    expect(states.split('\n').filter(Boolean)).toEqual(Array.from(units, () => 'failed'));
  });
});
