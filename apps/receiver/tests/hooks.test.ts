/** Hooks as real processes: small scripts, run as the receiver runs them. */
import { openLog, type Hook, type Hooks } from '@token-relay/daemon';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../../tests/rigs/until.ts';
import { WaitingLog } from '../../../tests/rigs/waiting-log.ts';
import { ReceiverHooks, type ReceiverHookEvent } from '../src/hooks/receiver-hooks.ts';
import type { TokenHolder } from '../src/holding/token-holder.ts';
import { holdingRig, nextToken, temporaryFolder, type Rig } from './holding-rig.ts';

/** A program of a few shell lines. */
function script(lines: string): Hook {
  const path = join(temporaryFolder(), 'hook');
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return { command: [path], timeoutMs: 20_000 };
}

type Given = Partial<Record<ReceiverHookEvent, readonly Hook[]>>;
const asHooks = (given: Given): Hooks<ReceiverHookEvent> =>
  new Map(Object.entries(given) as [ReceiverHookEvent, readonly Hook[]][]);

function open(holder: TokenHolder, given: Given, log = new WaitingLog('receiver-log')) {
  const hidden: string[] = [];
  const hooks = new ReceiverHooks({
    hooks: asHooks(given),
    holding: holder,
    words: () => holder.words(),
    log,
    host: {
      environment: { PATH: process.env['PATH'], SECRET: 'made-up' },
      kill: (pid, signal) => process.kill(pid, signal),
    },
    hideSecret: (secret) => hidden.push(secret),
  });
  onTestFinished(() => hooks.close());
  return { hooks, log, hidden };
}
async function rig(given: Given, options: Parameters<typeof holdingRig>[0] = {}) {
  const made = await holdingRig(options);
  return { ...made, ...open(made.holder, given) };
}
async function deliverTold({ holder, deliver }: Pick<Rig, 'holder' | 'deliver'>, token: string): Promise<void> {
  const next = nextToken(holder);
  await deliver(token, { expiresInMs: 1_800_000 });
  await next;
}

describe('token', () => {
  test('gets the bare token on its standard input, and the rest in the environment', async () => {
    const folder = temporaryFolder();
    const made = await rig({ token: [script(`cat > ${folder}/token; env > ${folder}/env`)] });
    await deliverTold(made, 'made-up-token');
    await made.log.lineWith('succeeded');
    expect(readFileSync(join(folder, 'token'), 'utf8')).toBe('made-up-token');
    const env = readFileSync(join(folder, 'env'), 'utf8');
    const expiresAtMs = made.holder.latest()?.message.expiresAtMs ?? 0;
    expect(env).toContain('TOKEN_RELAY_EVENT=token\n');
    expect(env).toContain('TOKEN_RELAY_GENERATION=1\n');
    expect(env).toContain(`TOKEN_RELAY_EXPIRES_AT=${Math.floor(expiresAtMs / 1_000)}\n`);
    expect(env).not.toContain('made-up');
  });

  test('of unknown expiry, no time is made up', async () => {
    const folder = temporaryFolder();
    const made = await rig({ token: [script(`env > ${folder}/env`)] });
    await made.deliver('made-up-token');
    await made.log.lineWith('succeeded');
    expect(readFileSync(join(folder, 'env'), 'utf8')).not.toContain('EXPIRES_AT');
  });

  test('a hook that hangs is told of the newest when it ends, and holds up nobody', async () => {
    const folder = temporaryFolder();
    const hanging = script(`[ -p ${folder}/gate ] || mkfifo ${folder}/gate
cat >> ${folder}/told; echo >> ${folder}/told; : > ${folder}/started
cat ${folder}/gate > ${folder}/passed`);
    const made = await rig({ token: [hanging] });
    const second = script(`cat > ${folder}/other`);
    open(made.holder, { token: [second] });
    for (const token of ['made-up-1', 'made-up-2', 'made-up-3']) {
      await deliverTold(made, token);
      await until(() => existsSync(join(folder, 'started')));
    }
    await until(() => existsSync(join(folder, 'other')) && readFileSync(join(folder, 'other'), 'utf8') === 'made-up-3');
    for (const run of [1, 2]) {
      await writeFile(join(folder, 'gate'), 'go');
      await until(() => made.hooks.report().token.runs === run);
    }
    expect(readFileSync(join(folder, 'told'), 'utf8')).toBe('made-up-1\nmade-up-3\n');
  });

  test('a hook that fails, one that floods its output, one that is missing: counted, and a warning each', async () => {
    const failing = await rig({
      token: [
        script('echo trouble >&2; exit 3'),
        script('yes made-up-flood | head -c 10000000; exit 4'),
        { command: ['/nowhere/hook'], timeoutMs: 1_000 },
        script('exit 0'),
      ],
    });
    await deliverTold(failing, 'made-up-token');
    await until(() => failing.hooks.report().token.runs === 4);
    expect(failing.hooks.report()).toEqual({
      token: { runs: 4, failures: 3 },
      stale: { runs: 0, failures: 0 },
      recovered: { runs: 0, failures: 0 },
    });
    expect(failing.log.at('WARN').every((line) => line.length < 2_300)).toBe(true);
    expect(failing.log.at('WARN').map((line) => /exit code \d|could not be started/.exec(line)?.[0])).toHaveLength(3);
  });

  test('a hook that runs into its deadline has failed', async () => {
    const made = await rig({ token: [{ ...script('exec sleep 1000'), timeoutMs: 200 }] });
    await deliverTold(made, 'made-up-token');
    await until(() => made.hooks.report().token.runs === 1);
    expect(made.hooks.report().token.failures).toBe(1);
  });
});

describe('stale and recovered', () => {
  test('are told in a sentence, with what is held in the environment', async () => {
    const folder = temporaryFolder();
    const write = (event: string) =>
      script(
        `cat > ${folder}/${event}.new; echo "$TOKEN_RELAY_GENERATION" >> ${folder}/${event}.new; mv ${folder}/${event}.new ${folder}/${event}`,
      );
    const restored = {
      generation: 4,
      history: [],
      held: {
        message: { accessToken: 'made-up-old', expiresAtMs: Date.now() - 1_000 },
        generation: 4,
        receivedAtMs: Date.now() - 1_800_000,
        from: 'unix' as const,
      },
    };
    const made = await rig({ stale: [write('stale')], recovered: [write('recovered')] }, { restored });
    made.holder.start();
    await until(() => existsSync(join(folder, 'stale')));
    expect(readFileSync(join(folder, 'stale'), 'utf8')).toMatch(
      /^The token expired at .*, and no new one has come\. .*\n4\n$/,
    );
    await deliverTold(made, 'made-up-new');
    await until(() => existsSync(join(folder, 'recovered')));
    expect(readFileSync(join(folder, 'recovered'), 'utf8')).toBe('The token is fresh again\n5\n');
  });
});

describe('no token comes into the log through a hook', () => {
  const token = 'I0.made-up-token-0123456789abcdefghijklmnopqrstuvwxyz@';

  test.each([
    ['writes its input to standard error and fails', 'cat >&2; exit 1'],
    ['folds it into lines', 'cat | fold -w 20 >&2; exit 1'],
    ['shows the half of it', 'cut -c 1-30 >&2; exit 1'],
    ['is traced by its shell', 'set -x; token=$(cat); false "$token"'],
    ['floods with it', 'token=$(cat); yes "$token" | head -c 100000; exit 1'],
    ['encodes it', 'base64 -w 0; exit 1'],
    ['folds it finely', 'fold -w 5; exit 1'],
  ])('of a hook that %s', async (_, lines) => {
    const made = await rig({ token: [script(lines)] });
    await deliverTold(made, token);
    const line = await made.log.lineWith('failed');
    // Without the log's own net.
    expect(line).not.toMatch(/it wrote:/);
    expect(line).not.toMatch(/token-0123|56789abc|ijklmnop/);
  });

  test.each(['token', 'stale'] as const)('of a hook on %s that has it from somewhere else', async (event) => {
    const lines: string[] = [];
    const net = await openLog({
      level: 'debug',
      format: 'text',
      maxSizeBytes: 1_000_000,
      keep: 1,
      journal: false,
      write: (line) => lines.push(line),
    });
    onTestFinished(() => net.close());
    const restored = {
      generation: 1,
      history: [],
      held: { message: { accessToken: token, expiresAtMs: 1 }, generation: 1, receivedAtMs: 0, from: 'unix' as const },
    };
    const { holder, deliver } = await holdingRig({ restored });
    const hooks = new ReceiverHooks({
      hooks: asHooks({ [event]: [script(`echo '${token}' | tee /dev/stderr; exit 1`)] }),
      holding: holder,
      words: () => holder.words(),
      log: net.log,
      host: { environment: process.env, kill: (pid, signal) => process.kill(pid, signal) },
      hideSecret: net.hideSecret,
    });
    onTestFinished(() => hooks.close());
    if (event === 'stale') holder.start();
    else await deliver(token, { expiresInMs: 1_800_000 });
    await until(() => lines.some((line) => line.includes('failed')));
    expect(lines.join('')).not.toContain(token);
    expect(lines.join('')).toMatch(/it wrote \d+ bytes, which are not logged/);
  });
});

describe('replaced, as by SIGHUP', () => {
  test('what runs goes on to its end, and the next event is for the new ones', async () => {
    const folder = temporaryFolder();
    const made = await rig({
      token: [script(`mkfifo ${folder}/gate; cat > ${folder}/old; cat ${folder}/gate > ${folder}/ended`)],
    });
    await deliverTold(made, 'made-up-1');
    await until(() => existsSync(join(folder, 'old')) && readFileSync(join(folder, 'old'), 'utf8') === 'made-up-1');
    made.hooks.replace(asHooks({ token: [script(`cat > ${folder}/new`)] }));
    await deliverTold(made, 'made-up-2');
    await until(() => existsSync(join(folder, 'new')) && readFileSync(join(folder, 'new'), 'utf8') === 'made-up-2');
    await writeFile(join(folder, 'gate'), 'go');
    await made.hooks.settled();
    expect([readFileSync(join(folder, 'old'), 'utf8'), readFileSync(join(folder, 'ended'), 'utf8')]).toEqual([
      'made-up-1',
      'go',
    ]);
    expect(made.hooks.report().token).toEqual({ runs: 2, failures: 0 });
  });

  test('closing ends what runs, of earlier ones too', async () => {
    const folder = temporaryFolder();
    const made = await rig({ token: [script(`: > ${folder}/started; exec sleep 1000`)] });
    await deliverTold(made, 'made-up-1');
    await until(() => existsSync(join(folder, 'started')));
    made.hooks.replace(asHooks({}));
    await made.hooks.close();
    expect(made.log.lines.some((line) => line.includes('was stopped, because the daemon stops'))).toBe(true);
    expect(made.hooks.report().token).toEqual({ runs: 0, failures: 0 });
  });
});
