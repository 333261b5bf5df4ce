/** The programs of docs/examples, run beside the real receiver. */
import { sendToken } from '@token-relay/socket';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { EXAMPLES, ExampleProgram } from './example-program.ts';
import { Bench, type Program } from './processes.ts';

const run = promisify(execFile);
/** Debian's, which finds Debian's packages. */
const PYTHON = '/usr/bin/python3';
const example = (name: string): string => join(EXAMPLES, name);

let compiled = '';
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'relay-example-'));
  compiled = join(folder, 'token');
  await run('g++', [
    '-std=c++17',
    '-O1',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-pthread',
    '-o',
    compiled,
    example('token.cpp'),
  ]);
  return () => rm(folder, { recursive: true });
});

const fingerprint = (token: string): string => createHash('sha256').update(token).digest('hex').slice(0, 8);
const inHalfAnHour = (): number => Math.floor(Date.now() / 1_000) + 1_800;

async function deliver(bench: Bench, token: string, expiresAt = inHalfAnHour()): Promise<void> {
  await sendToken(
    { kind: 'unix', path: bench.socket },
    JSON.stringify({ access_token: token, refresh_token: 'made-up-refresh', expires_at: expiresAt }),
    { timeoutMs: 30_000, expectReply: true },
  );
}

async function started(bench: Bench, ...args: string[]): Promise<Program> {
  const receiver = bench.receiver(...args);
  await receiver.line(/started/);
  return receiver;
}

function start(bench: Bench, command: readonly string[]): ExampleProgram {
  return new ExampleProgram(command, { cwd: bench.folder, env: { TOKEN_RECEIVER_API_SOCKET_PATH: bench.api } });
}

/** Resolves when a reader waits for the next token, or follows the events. */
async function someoneWaits(bench: Bench): Promise<void> {
  const waiting = async (): Promise<number> => {
    const { readers } = JSON.parse((await bench.get('/v1/status')).text) as {
      readers: { events: number; waiting: number };
    };
    return readers.events + readers.waiting;
  };
  await expect.poll(waiting, { timeout: 60_000 }).toBeGreaterThan(0);
}

const RUNNING_NO_TOKEN = /no (valid )?token/i;
const NOT_RUNNING = /token-receiver is not running/;
const byFingerprint = (token: string): RegExp => new RegExp(`new token ${fingerprint(token)}`);

describe.each<[string, () => readonly string[], (token: string, generation: number) => RegExp]>([
  ['watch.sh', () => [example('watch.sh')], byFingerprint],
  ['token_relay.py', () => [PYTHON, example('token_relay.py'), '--follow'], byFingerprint],
  [
    'token.cpp',
    () => [compiled, '--follow'],
    (token, generation) =>
      new RegExp(`generation ${generation}, ${token.length} characters, expires in 1[78]\\d\\d sec`),
  ],
  ['node.mjs', () => [process.execPath, '--conditions=source', example('node.mjs')], byFingerprint],
])('%s', (_, command, lineOf) => {
  test('waits for the receiver and for a token, and tells of each new one without showing it', async () => {
    await using bench = await Bench.make();
    const program = start(bench, command());
    await program.line(NOT_RUNNING);
    await started(bench);
    await program.line(RUNNING_NO_TOKEN);
    for (const [index, token] of ['made-up-1', 'made-up-two', 'made-up-three'].entries()) {
      await deliver(bench, token);
      await program.line(lineOf(token, index + 1));
    }
    expect(program.lines.join('\n')).not.toContain('made-up');
  });

  test('after a receiver that starts anew it knows the new token, also under the number of the one it had', async () => {
    await using bench = await Bench.make();
    const first = await started(bench);
    await deliver(bench, 'made-up-1');
    const program = start(bench, command());
    await program.line(lineOf('made-up-1', 1));
    // As when the machine is busy elsewhere: it notices nothing until all of it has happened.
    program.signal('SIGSTOP');
    await first.stop('SIGKILL');
    await rm(bench.path('api.state.json'), { force: true });
    await started(bench);
    await deliver(bench, 'made-up-one-again');
    expect(JSON.parse((await bench.get('/v1/token')).text)).toMatchObject({ generation: 1 });
    program.signal('SIGCONT');
    await program.line(lineOf('made-up-one-again', 1));
  });

  test('a token that it has already is no news, whichever receiver says it again', async () => {
    await using bench = await Bench.make();
    const first = await started(bench);
    await deliver(bench, 'made-up-1');
    const program = start(bench, command());
    await program.line(lineOf('made-up-1', 1));
    await first.stop('SIGKILL');
    await started(bench);
    await deliver(bench, 'made-up-1');
    await someoneWaits(bench);
    await deliver(bench, 'made-up-the-next');
    await program.line(new RegExp(`${fingerprint('made-up-the-next')}|16 characters`));
    expect(program.lines.filter((line) => /new token/.test(line))).toHaveLength(2);
  });
});

describe.each<[string, () => readonly string[]]>([
  ['token_relay.py', () => [PYTHON, example('token_relay.py')]],
  ['token.cpp', () => [compiled]],
])('%s, once', (_, command) => {
  test('prints the token, once there is one', async () => {
    await using bench = await Bench.make();
    const program = start(bench, command());
    await program.line(NOT_RUNNING);
    await started(bench);
    await program.line(/no token yet/i);
    await deliver(bench, 'made-up-1');
    expect(await program.finished).toBe(0);
    expect(program.lines.at(-1)).toBe('made-up-1');
  });

  test('never an expired one', async () => {
    await using bench = await Bench.make();
    await started(bench);
    await deliver(bench, 'made-up-expired', Math.floor(Date.now() / 1_000) - 1);
    const program = start(bench, command());
    await program.line(/expired/);
    await deliver(bench, 'made-up-2');
    expect(await program.finished).toBe(0);
    expect(program.lines.at(-1)).toBe('made-up-2');
    expect(program.lines).not.toContain('made-up-expired');
  });
});

describe('watch.sh with a command', () => {
  test('has each token on its standard input; one that fails is run again with the next', async () => {
    await using bench = await Bench.make();
    await started(bench);
    const program = start(bench, [example('watch.sh'), 'sh', '-c', 'read -r token; echo "got $token"; exit 3']);
    for (const token of ['made-up-1', 'made-up-2']) {
      await deliver(bench, token);
      await program.line(new RegExp(`^got ${token}$`));
    }
    await program.line(/^sh failed/);
  });
});

interface Api {
  readonly url: string;
  readonly authorizations: (string | undefined)[];
}

async function startApi(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Api> {
  const authorizations: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    Promise.resolve(answer(request, response)).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/accounts`, authorizations };
}

describe('curl.sh', () => {
  test('waits for a token, uses it, and shows it to nobody', async () => {
    await using bench = await Bench.make();
    const api = await startApi(async (_, response) => {
      expect(await argumentsOfAll()).not.toContain('made-up-"1');
      response.end('made up\n');
    });
    const program = start(bench, [example('curl.sh'), api.url]);
    await program.line(NOT_RUNNING);
    await started(bench);
    await program.line(RUNNING_NO_TOKEN);
    await deliver(bench, 'made-up-"1\\');
    expect(await program.finished).toBe(0);
    expect(program.lines.at(-1)).toBe('made up');
    expect(api.authorizations).toEqual(['Bearer made-up-"1\\']);
  });

  test('401: once more with a newer token', async () => {
    await using bench = await Bench.make();
    await started(bench);
    await deliver(bench, 'made-up-1');
    const api = await startApi(async (request, response) => {
      if (request.headers.authorization === 'Bearer made-up-2') response.end('made up\n');
      else {
        response.writeHead(401).end('refused\n');
        await someoneWaits(bench);
        await deliver(bench, 'made-up-2');
      }
    });
    const program = start(bench, [example('curl.sh'), api.url]);
    expect(await program.finished).toBe(0);
    expect(program.lines).toEqual(['made up']);
    expect(api.authorizations).toEqual(['Bearer made-up-1', 'Bearer made-up-2']);
  });

  test('401 again: never twice; the answer is shown, and it has failed', async () => {
    await using bench = await Bench.make();
    await started(bench);
    await deliver(bench, 'made-up-1');
    let asked = 0;
    const api = await startApi(async (_, response) => {
      asked += 1;
      await deliver(bench, `made-up-${asked + 1}`);
      response.writeHead(401).end('refused\n');
    });
    const program = start(bench, [example('curl.sh'), api.url]);
    expect(await program.finished).toBe(1);
    expect(program.lines.toSorted()).toEqual(['HTTP 401', 'refused']);
    expect(api.authorizations).toEqual(['Bearer made-up-1', 'Bearer made-up-2']);
  });
});

/** What `ps` would show of every process. */
async function argumentsOfAll(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return texts.join('\n');
}

describe('schwab_py_sink.py', () => {
  test("uses the token of the receiver's schwab-py sink, and each new one when the file changes", async () => {
    await using bench = await Bench.make();
    const api = await startApi((_, response) => response.end('made up'));
    const file = bench.path('token.json');
    const program = start(bench, [PYTHON, example('schwab_py_sink.py'), file, api.url]);
    await program.line(/is not there yet: is token-receiver running/);
    await started(bench, `--sinks=[{"path":"${file}","format":"schwab-py"}]`);
    for (const token of ['made-up-1', 'made-up-2']) {
      await deliver(bench, token);
      await expect.poll(() => api.authorizations, { timeout: 60_000 }).toContain(`Bearer ${token}`);
    }
    await program.line(/HTTP 200, 7 bytes/);
    expect(program.lines.join('\n')).not.toContain('made-up-');
    expect(await readFile(file, 'utf8')).not.toContain('refresh');
  });

  test('a token that has expired is not used, and cannot be refreshed: nobody is asked for another', async () => {
    await using bench = await Bench.make();
    const api = await startApi((_, response) => response.end('{"access_token":"made-up-thief"}'));
    const sink = (token: string, expiresAt: number): string =>
      JSON.stringify({
        creation_timestamp: expiresAt - 1_800,
        token: { access_token: token, token_type: 'Bearer', scope: 'api', expires_in: 1_800, expires_at: expiresAt },
      });
    await bench.write('token.json', sink('made-up-expired', Math.floor(Date.now() / 1_000) - 1));
    const program = start(bench, [PYTHON, example('schwab_py_sink.py'), 'token.json', api.url]);
    await program.line(/has expired, and cannot be refreshed here/);
    const { stdout } = await run(
      PYTHON,
      ['-c', REFRESH_ANYWAY, api.url],
      // No __pycache__ beside the example.
      { cwd: bench.folder, env: { PYTHONPATH: EXAMPLES, PYTHONDONTWRITEBYTECODE: '1' } },
    );
    expect(stdout).toBe('InvalidTokenError\n');
    expect(api.authorizations).toEqual([]);
    await bench.write('token.json', sink('made-up-2', inHalfAnHour()));
    await program.line(/HTTP 200/);
    expect(api.authorizations).toEqual(['Bearer made-up-2']);
  });
});

/** With all that a refresh needs but the refresh token, and an address that would answer. */
const REFRESH_ANYWAY = `
import sys
from schwab_py_sink import SinkSession
client = SinkSession("token.json", api_key="made-up-key", app_secret="made-up-secret", token_endpoint=sys.argv[1])
try:
    client.get(sys.argv[1])
    print("used")
except Exception as error:
    print(type(error).__name__)
`;

test('every example is named in the README', async () => {
  const readme = await readFile(example('README.md'), 'utf8');
  for (const name of await readdir(EXAMPLES)) {
    if (name !== 'README.md') expect(readme).toContain(`(${name})`);
  }
});
