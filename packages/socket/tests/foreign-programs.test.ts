import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sendToken, TokenReceiver } from '../src/index.ts';
import { jsonMessage } from './raw-client.ts';
import { nextToken, runningReceiver } from './running-receiver.ts';
import { tempFolder } from './temp-folder.ts';

const run = promisify(execFile);
const foreign = (name: string): string => fileURLToPath(new URL(`foreign/${name}`, import.meta.url));
/** A line of shell, as a person would type it; its standard output. */
const shell = async (line: string, ...args: string[]): Promise<string> =>
  (await run('sh', ['-c', line, 'sh', ...args], { timeout: 20_000 })).stdout;

async function tcpReceiver(): Promise<{ receiver: TokenReceiver; port: string }> {
  const receiver = new TokenReceiver({ tcpPort: 0 });
  onTestFinished(() => receiver.stop());
  const [address] = await receiver.start();
  return { receiver, port: address?.kind === 'tcp' ? String(address.port) : '' };
}

describe('a shell', () => {
  test.each([
    ['nc -U', 'echo made-up-token | nc -U "$1"'],
    ['nc -N -U', 'echo made-up-token | nc -N -U "$1"'],
    ['nc -N -U, with no newline', 'printf made-up-token | nc -N -U "$1"'],
    ['socat', 'echo made-up-token | socat - "UNIX-CONNECT:$1"'],
    ['socat, with no newline', 'printf made-up-token | socat - "UNIX-CONNECT:$1"'],
  ])('delivers a bare token with %s and sees OK', async (_, line) => {
    const { receiver, path } = await runningReceiver();
    expect(await shell(line, path)).toBe('OK');
    expect(receiver.getLatestToken()?.message).toEqual({ accessToken: 'made-up-token' });
  });

  test.each([
    ['nc', 'echo made-up-token | nc 127.0.0.1 "$1"'],
    ['nc -N', 'echo made-up-token | nc -N 127.0.0.1 "$1"'],
    ['socat', 'echo made-up-token | socat - "TCP:127.0.0.1:$1"'],
  ])('delivers a bare token over TCP with %s and sees OK', async (_, line) => {
    const { receiver, port } = await tcpReceiver();
    expect(await shell(line, port)).toBe('OK');
    expect(receiver.getLatestToken()).toMatchObject({ message: { accessToken: 'made-up-token' }, from: 'tcp' });
  });

  test('delivers a JSON message with nc and sees OK', async () => {
    const { receiver, path } = await runningReceiver();
    expect(await shell('printf %s "$2" | nc -U "$1"', path, jsonMessage('from-json'))).toBe('OK');
    expect(receiver.getLatestToken()?.message.accessToken).toBe('from-json');
  });

  test('sees why a message was refused', async () => {
    const { path } = await runningReceiver();
    expect(await shell('head -c 9000 /dev/zero | tr "\\0" a | nc -U "$1"', path)).toBe('ERROR too_large');
    expect(await shell('echo two words | nc -U "$1"', path)).toBe('ERROR bad_message');
  });
});

describe('Python', () => {
  test('delivers JSON with no newline and no half-close, and finds its reply equal to OK', async () => {
    const { receiver, path } = await runningReceiver();
    await run('python3', [foreign('json_sender.py'), path], { timeout: 20_000 });
    expect(receiver.getLatestToken()?.message).toMatchObject({
      accessToken: 'from-python',
      refreshToken: 'made-up-refresh',
    });
  });

  test('delivers a bare token and closes', async () => {
    const { receiver, path } = await runningReceiver();
    const arrived = nextToken(receiver);
    await run('python3', [foreign('bare_sender.py'), path], { timeout: 20_000 });
    expect((await arrived).message).toEqual({ accessToken: 'bare-from-python' });
  });
});

describe('a receiver in C++', () => {
  const folder = mkdtempSync(join(tmpdir(), 'socket-cpp-'));
  const program = join(folder, 'receiver');
  beforeAll(() => run('g++', ['-std=c++17', '-o', program, foreign('receiver.cpp')]), 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function start(
    behaviour: 'answer' | 'silent',
  ): Promise<{ path: string; output: () => string; ended: Promise<unknown> }> {
    const path = join(tempFolder(), 'bot.sock');
    const child = spawn(program, [path, behaviour], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'close');
    onTestFinished(async () => {
      child.kill();
      await ended;
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child.stdout, 'data');
    return { path, output: () => output, ended };
  }

  test('that reads once and answers OK is delivered to', async () => {
    const { path, output, ended } = await start('answer');
    const message = jsonMessage('a'.repeat(2500));
    await sendToken({ kind: 'unix', path }, message, { timeoutMs: 10_000, expectReply: true });
    await ended;
    expect(output()).toBe(`listening\n${message}\n`);
  });

  test('that never answers costs no more than the deadline', async () => {
    const { path } = await start('silent');
    const delivery = sendToken({ kind: 'unix', path }, jsonMessage('a'), { timeoutMs: 200, expectReply: true });
    await expect(delivery).rejects.toMatchObject({ name: 'DeliveryError', code: 'timeout', retryable: true });
  });

  test('that never answers is sent a bare token all the same', async () => {
    const { path, ended } = await start('silent');
    await sendToken({ kind: 'unix', path }, 'bare', { timeoutMs: 10_000, expectReply: false });
    await ended;
  });
});
