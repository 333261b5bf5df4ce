/** Commands whose words depend on who reads them: run in this process, with a terminal of the test's own. */
import { createLocalHttp, runCommandLine, type Surroundings } from '@token-relay/daemon';
import { bindUnixSocket } from '@token-relay/socket';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createProgram } from '../src/program.ts';
import type { StatusReport } from '../src/status/status-report.ts';
import { recordingLog } from './recording-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

interface Terminal {
  readonly isTTY?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** what the user types */
  readonly typed?: string;
}

async function run(folder: string, args: readonly string[], { isTTY = false, env = {}, typed = '' }: Terminal) {
  const printed = { out: '', err: '' };
  const stdin = Object.assign(new PassThrough(), { isTTY });
  stdin.end(typed);
  const surroundings: Surroundings = {
    env: { XDG_RUNTIME_DIR: folder, ...env },
    cwd: folder,
    uid: process.getuid?.() ?? 0,
    pid: process.pid,
    signals: process,
    stdin: () => stdin,
    stdout: { write: (text) => (printed.out += text), isTTY },
    stderr: { write: (text) => (printed.err += text) },
    stdoutFile: undefined,
    usage: () => ({ residentBytes: 0, cpuSeconds: 0 }),
    kill: () => true,
    exitNow: () => undefined,
  };
  const settings = [`--control-socket-path=${join(folder, 'control.sock')}`, `--token-file=${join(folder, 't.json')}`];
  const program = createProgram(surroundings);
  const code = await runCommandLine(program, ['node', 'sender', ...args, ...settings], surroundings);
  return { code, ...printed };
}

describe('status', () => {
  const report: StatusReport = {
    version: '1.2.3',
    pid: 42,
    started_at: '2026-11-20T12:00:00.000Z',
    state: 'login_required',
    since: '2026-11-20T12:30:00.000Z',
    problem: 'Schwab refused the refresh token',
    advice: 'Log in again',
    token_file: '/home/made-up/tokens.json',
    saved: true,
    refreshes: 7,
    targets: [],
  };

  async function daemonFolder(): Promise<string> {
    const folder = temporaryFolder();
    const answer = () => ({ status: 200, body: report });
    const server = createLocalHttp([{ method: 'GET', path: '/v1/status', answer }], { log: recordingLog([]) });
    const claim = await bindUnixSocket(server, join(folder, 'control.sock'), { mode: 0o600 });
    onTestFinished(() => {
      claim.release();
      server.close();
      server.closeAllConnections();
    });
    return folder;
  }

  test.each<[string, Terminal, boolean]>([
    ['to a terminal', { isTTY: true }, true],
    ['with NO_COLOR empty, which means nothing', { isTTY: true, env: { NO_COLOR: '' } }, true],
    ['with NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
    ['to a pipe or a file', {}, false],
  ])('%s: the colours that it wants', async (_where, terminal, hasColours) => {
    const { code, out, err } = await run(await daemonFolder(), ['status'], terminal);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^State: .*LOGIN REQUIRED/);
    expect(out.includes('\u001b[')).toBe(hasColours);
  });

  test('as JSON it is the report, without colours on a terminal too', async () => {
    const { out } = await run(await daemonFolder(), ['status', '--json'], { isTTY: true });
    expect(JSON.parse(out)).toEqual(report);
    expect(out).not.toContain('\u001b');
  });

  test('of a daemon that is not there: 69, and how to start it', async () => {
    const { code, err } = await run(temporaryFolder(), ['status'], { isTTY: true });
    expect(code).toBe(69);
    expect(err).toMatch(/^error: token-refresh-sender is not running .* Start it with: token-refresh-sender run\n$/);
  });
});

describe('tokens clear', () => {
  test.each([
    ['yes\n', 0],
    [' YES \n', 0],
    ['y\n', 1],
    ['no\n', 1],
    ['\n', 1],
  ])('asks on a terminal, and takes yes for a yes: %j', async (typed, expected) => {
    const folder = temporaryFolder();
    const file = join(folder, 't.json');
    const text = '{"creation_timestamp": 1, "token": {"refresh_token": "made-up"}}';
    writeFileSync(file, text, { mode: 0o600 });
    const { code, out, err } = await run(folder, ['tokens', 'clear'], { isTTY: true, typed });
    expect(code).toBe(expected);
    expect(out).toMatch(/^Remove \S+t\.json\?.* Type yes: /);
    if (expected === 0) expect(existsSync(file)).toBe(false);
    else {
      expect(readFileSync(file, 'utf8')).toBe(text);
      expect(err).toBe('error: Nothing is changed.\n');
    }
  });

  test('an end of input is no yes', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 't.json'), '{"token": {"refresh_token": "made-up"}}', { mode: 0o600 });
    expect((await run(folder, ['tokens', 'clear'], { isTTY: true })).code).toBe(1);
    expect(existsSync(join(folder, 't.json'))).toBe(true);
  });
});
