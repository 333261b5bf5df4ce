import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exchange, jsonMessage, rawClient, replyOn } from './raw-client.ts';
import { tempFolder } from './temp-folder.ts';

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A listening socket at `path` whose program is started by the first who connects. */
function activated(
  family: 'unix' | 'tcp',
  path: string,
  what: 'tokens' | 'http',
): { child: ChildProcess; lines: Interface } {
  const program = [process.execPath, '--conditions=source', file('inherited-receiver.ts'), what, path];
  const child = spawn('python3', [file('foreign/activating_parent.py'), family, path, ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return { child, lines: createInterface({ input: child.stdout }) };
}

function line(lines: Interface, start: string): Promise<string> {
  return new Promise((resolve) => {
    lines.on('line', (text) => {
      if (text.startsWith(start)) resolve(text);
    });
  });
}

describe('a socket that the program was started with', () => {
  test('is served: a message that was sent before the program ran is answered, and the file stays', async () => {
    const path = join(tempFolder(), 'token.sock');
    const { child, lines } = activated('unix', path, 'tokens');
    await line(lines, 'listening');
    const started = line(lines, 'started');
    const held = line(lines, 'holds');
    const before = lstatSync(path).ino;
    expect(await exchange(path, jsonMessage('made-up-early'))).toBe('OK');
    expect(await started).toBe(`started [{"kind":"unix","path":"${path}"}]`);
    expect(await held).toBe('holds made-up-early');
    expect(await exchange(path, jsonMessage('made-up-late'))).toBe('OK');

    const failed = line(lines, 'failed');
    child.kill('SIGTERM');
    expect(await failed).toMatch(/^failed bad_descriptor: .* 3 was closed/);
    expect(lstatSync(path).ino).toBe(before);
  });

  test('and whose file is removed is told of, and left to whoever made it', async () => {
    const path = join(tempFolder(), 'token.sock');
    const { child, lines } = activated('unix', path, 'tokens');
    await line(lines, 'listening');
    const started = line(lines, 'started');
    const connected = exchange(path, jsonMessage('made-up'));
    await started;
    const lost = line(lines, 'lost');
    unlinkSync(path);
    expect(await lost).toBe('lost not_ours');
    expect(await connected).toBe('OK');
    child.kill('SIGTERM');
    await line(lines, 'failed');
    expect(existsSync(path)).toBe(false);
  });

  test('can be one for HTTP', async () => {
    const path = join(tempFolder(), 'api.sock');
    const { lines } = activated('unix', path, 'http');
    await line(lines, 'listening');
    const started = line(lines, 'started');
    const client = rawClient(path);
    const reply = replyOn(client);
    client.write('GET / HTTP/1.0\r\n\r\n');
    expect(await started).toBe(`started ${path}`);
    expect(await reply).toContain('hello');
  });

  test('is refused, and TCP does not take its place, if it is no Unix socket', async () => {
    const { lines } = activated('tcp', '', 'tokens');
    expect(await line(lines, 'failed')).toMatch(/^failed bad_descriptor: .* 3 is not a Unix socket .*TCP/);
  });
});
