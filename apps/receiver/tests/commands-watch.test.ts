import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from '@token-relay/tokens';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { watch } from '../src/commands/watch.ts';
import { Stage } from './commands-rig.ts';
import { EventServer } from './event-server.ts';

const madeUp = (generation: number) => ({
  access_token: `made-up-access-${generation}`,
  generation,
  expires_at: 1_700_001_800 + generation,
});
const [FIRST, SECOND, THIRD] = [madeUp(1), madeUp(2), madeUp(3)];

function watching(flags: Readonly<Record<string, unknown>> = {}, command: readonly string[] = []) {
  const stage = new Stage();
  const server = new EventServer(stage);
  let ended = false;
  const end = async (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' = 'SIGTERM') => {
    stage.signals.emit(signal, signal);
    return run.code;
  };
  const run = {
    code: Promise.resolve(-1),
    start: () => {
      run.code = stage.run((surroundings, given) => watch(surroundings, given, command), flags);
      void run.code.then(() => (ended = true));
    },
  };
  onTestFinished(async () => {
    if (!ended) await end();
  });
  const lines = () => stage.printed.out.split('\n').slice(0, -1);
  const line = (count: number) => stage.until(() => lines().length >= count);
  return { stage, server, lines, line, end, run };
}

const local = (ms: number) =>
  new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');

describe('watch', () => {
  test('prints a line for the token that is held, and for each new one; never the token', async () => {
    const { stage, server, lines, line, end, run } = watching();
    await server.start(FIRST);
    run.start();
    await line(1);
    server.push(SECOND);
    server.push({ access_token: 'made-up-bare', generation: 3 });
    await line(3);
    expect(await end()).toBe(0);
    const at = local(1_700_000_000_000);
    expect(lines()).toEqual([
      `${at}  generation 1  token ${fingerprint(FIRST.access_token)}  expires ${local(FIRST.expires_at * 1_000)}`,
      `${at}  generation 2  token ${fingerprint(SECOND.access_token)}  expires ${local(SECOND.expires_at * 1_000)}`,
      `${at}  generation 3  token ${fingerprint('made-up-bare')}  expiry unknown`,
    ]);
    expect(stage.printed.out).not.toContain('made-up');
    expect(stage.printed.err).toBe('');
  });

  test('with --json prints one object a line, named as in the history', async () => {
    const { server, lines, line, end, run } = watching({ json: true });
    await server.start(FIRST);
    run.start();
    await line(1);
    server.push({ access_token: 'made-up-bare', generation: 2 });
    await line(2);
    await end();
    expect(lines().map((text) => JSON.parse(text) as unknown)).toEqual([
      {
        generation: 1,
        fingerprint: fingerprint(FIRST.access_token),
        received_at: '2023-11-14T22:13:20.000Z',
        expires_at: new Date(FIRST.expires_at * 1_000).toISOString(),
      },
      { generation: 2, fingerprint: fingerprint('made-up-bare'), received_at: '2023-11-14T22:13:20.000Z' },
    ]);
  });

  test('goes on after a restart of the receiver, says so once, and shows no token twice', async () => {
    const { stage, server, lines, line, end, run } = watching();
    await server.start(SECOND);
    run.start();
    await line(1);
    await server.stop();
    await stage.until(() => stage.printed.err.includes('\n'));
    // It has none at first, then is sent the same token, and counts from 1 again.
    await server.start({ ...SECOND, generation: 1 });
    await server.followed();
    server.push({ ...SECOND, generation: 1 });
    server.push({ ...THIRD, generation: 2 });
    await line(2);
    await end();
    expect(lines().map((text) => /token (\w+)/.exec(text)?.[1])).toEqual(
      [SECOND, THIRD].map((token) => fingerprint(token.access_token)),
    );
    expect(stage.printed.err).toBe(
      `token-receiver closed the connection at ${stage.api}. (trying again until it answers)\n`,
    );
  });

  test('waits for a receiver that does not run yet, and says so once however long it takes', async () => {
    const { stage, server, line, run } = watching();
    // Once for each pause between two attempts.
    const random = vi.spyOn(Math, 'random').mockReturnValue(0);
    onTestFinished(() => random.mockRestore());
    run.start();
    await expect.poll(() => random.mock.calls.length, { timeout: 20_000 }).toBeGreaterThan(3);
    await server.start(FIRST);
    await line(1);
    expect(stage.printed.err).toMatch(
      /^token-receiver is not running: .*api\.sock\. .*: token-receiver run \(trying again until it answers\)\n$/,
    );
  });

  test('a token that comes again after another is shown again: it is the one to use', async () => {
    const { server, lines, line, run } = watching();
    await server.start(FIRST);
    run.start();
    await line(1);
    server.push(SECOND);
    server.push({ ...FIRST, generation: 3 });
    await line(3);
    expect(lines()[2]).toContain(`generation 3  token ${fingerprint(FIRST.access_token)}`);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends it with 0, connected or not', async (signal) => {
    const connected = watching();
    await connected.server.start();
    connected.run.start();
    await connected.server.followed();
    expect(await connected.end(signal)).toBe(0);
    const waiting = watching();
    waiting.run.start();
    await waiting.stage.until(() => waiting.stage.printed.err !== '');
    expect(await waiting.end(signal)).toBe(0);
  });

  test('ends quietly when nobody reads its output any more; not quietly when the disk is full', async () => {
    for (const [code, expected, said] of [
      ['EPIPE', 0, ''],
      ['ENOSPC', 1, 'error: The output cannot be written: ENOSPC: made up\n'],
    ] as const) {
      const { stage, server, line, run } = watching();
      await server.start(FIRST);
      run.start();
      await line(1);
      stage.stdout.emit('error', Object.assign(new Error(`${code}: made up`), { code }));
      expect(await run.code).toBe(expected);
      expect(stage.printed.err).toBe(said);
    }
  });

  test.each([
    ['--exec without a program', { exec: true }, [], /^error: --exec names no program: watch --exec -- PROGRAM/],
    ['a program without --exec', {}, ['cat'], /^error: A program is run with --exec: watch --exec -- PROGRAM/],
  ] as const)('%s is wrong usage', async (_, flags, command, words) => {
    const { stage, run } = watching(flags, command);
    run.start();
    expect(await run.code).toBe(2);
    expect(stage.printed.err).toMatch(words);
  });
});

describe('watch --exec', () => {
  const exec = { exec: true };
  /** A shell script in a folder of its own; runs there. */
  const script = (text: string, ...args: string[]) => ['sh', '-euc', text, 'sh', ...args];

  test('runs a program with the token on its standard input, and about it in the environment', async () => {
    const given = ['$HOME', '*', 'a b; touch shell-was-here', '--option'];
    const { stage, server, end, run } = watching(
      exec,
      script('{ cat; echo; printf "%s\\n" "$@"; env; } > new; mv new "ran-$TOKEN_RELAY_GENERATION"', ...given),
    );
    await server.start(FIRST);
    run.start();
    const ran = join(stage.folder, 'ran-1');
    await expect.poll(() => existsSync(ran), { timeout: 20_000 }).toBe(true);
    server.push({ access_token: 'made-up-bare', generation: 2 });
    await expect.poll(() => existsSync(join(stage.folder, 'ran-2')), { timeout: 20_000 }).toBe(true);
    expect(await end()).toBe(0);
    const [input, ...rest] = readFileSync(ran, 'utf8').split('\n');
    expect(input).toBe(FIRST.access_token);
    expect(rest.slice(0, 4)).toEqual(given);
    expect(rest).toContain('TOKEN_RELAY_EVENT=token');
    expect(rest).toContain('TOKEN_RELAY_GENERATION=1');
    expect(rest).toContain(`TOKEN_RELAY_EXPIRES_AT=${FIRST.expires_at}`);
    expect(rest).toContain('FROM_THE_USER=yes');
    expect(rest.join('\n')).not.toContain('made-up');
    expect(existsSync(join(stage.folder, 'shell-was-here'))).toBe(false);
    expect(readFileSync(join(stage.folder, 'ran-2'), 'utf8')).not.toContain('TOKEN_RELAY_EXPIRES_AT');
    expect(stage.printed.err).toBe('');
  });

  test('of the tokens that come while it runs, it runs for the newest', async () => {
    const { stage, server, line, end, run } = watching(
      exec,
      script(
        'token=$(cat); : > started; while [ ! -e go ] && [ -e started ]; do sleep 0.02; done; echo "$token" >> ran',
      ),
    );
    await server.start(FIRST);
    run.start();
    await expect.poll(() => existsSync(join(stage.folder, 'started')), { timeout: 20_000 }).toBe(true);
    server.push(SECOND);
    server.push({ ...SECOND, access_token: 'made-up-between' });
    server.push(THIRD);
    await line(4);
    writeFileSync(join(stage.folder, 'go'), '');
    const ran = () => readFileSync(join(stage.folder, 'ran'), 'utf8');
    await expect
      .poll(() => existsSync(join(stage.folder, 'ran')) && ran().split('\n').length, { timeout: 20_000 })
      .toBe(3);
    await end();
    expect(ran()).toBe(`${FIRST.access_token}\n${THIRD.access_token}\n`);
    expect(stage.printed.err).toBe('sh is still running; it runs again for the newest token when it has ended\n');
  });

  test('one that fails, or reads nothing, is said on standard error and ends nothing', async () => {
    const { stage, server, end, run } = watching(
      exec,
      script('case $TOKEN_RELAY_GENERATION in 1) exit 3;; 2) kill -KILL $$;; esac; : > ran'),
    );
    await server.start({ ...FIRST, access_token: 'x'.repeat(200_000) });
    run.start();
    await stage.until(() => stage.printed.err.includes('exit code'));
    server.push(SECOND);
    await stage.until(() => stage.printed.err.includes('ended by'));
    server.push(THIRD);
    await expect.poll(() => existsSync(join(stage.folder, 'ran')), { timeout: 20_000 }).toBe(true);
    expect(await end()).toBe(0);
    expect(stage.printed.err).toBe(
      'sh failed with exit code 3 (generation 1)\nsh was ended by SIGKILL (generation 2)\n',
    );
  });

  test.each([
    ['that does not exist', 'no-such-program', 'there is no such program'],
    ['that may not be executed', '/etc/passwd', 'it may not be executed by this user'],
  ])('one %s is said on standard error and ends nothing', async (_, program, words) => {
    const { stage, server, end, run } = watching(exec, [program]);
    await server.start(FIRST);
    run.start();
    await stage.until(() => stage.printed.err.includes(words));
    expect(await end()).toBe(0);
  });

  test.each([
    ['on SIGTERM', "trap 'echo ended >> end; exit 0' TERM", 'ended\n'],
    ['with SIGKILL, if it does not end', "trap 'echo ignored >> end' TERM", 'ignored\n'],
  ])('what runs is ended with the watch, %s', async (_, trap, expected) => {
    const { stage, server, end, run } = watching(
      exec,
      script(`${trap}; : > started; while [ -e started ]; do sleep 0.02 || :; done`),
    );
    await server.start(FIRST);
    run.start();
    await expect.poll(() => existsSync(join(stage.folder, 'started')), { timeout: 20_000 }).toBe(true);
    expect(await end()).toBe(0);
    expect(readFileSync(join(stage.folder, 'end'), 'utf8')).toBe(expected);
  });
});
