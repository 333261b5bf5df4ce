import type { Log } from '@token-relay/daemon';
import { readTlsMaterial, sendToken } from '@token-relay/socket';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { recordOutput } from '../../../tests/record/record.ts';
import { Receiver } from '../src/receiver.ts';
import { loadReceiverSettings } from '../src/settings.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'receiver-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A receiver in a folder of its own, stopped when the test is over. `lines` is all that it logged, debug included. */
export async function makeReceiver(
  flags: Readonly<Record<string, unknown>> = {},
): Promise<{ receiver: Receiver; folder: string; tokens: string; api: string; lines: string[] }> {
  const folder = temporaryFolder();
  const [tokens, api, config] = [join(folder, 'token.sock'), join(folder, 'api.sock'), join(folder, 'empty.yaml')];
  writeFileSync(config, '');
  const uid = process.getuid?.() ?? 0;
  const settings = await loadReceiverSettings({
    env: {},
    cwd: folder,
    uid,
    flags: { config, unixSocketPath: tokens, apiSocketPath: api, tcpPort: '0', ...flags },
  });
  const lines: string[] = [];
  const write = (message: string, fields?: object) => {
    lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
    recordOutput('receiver-log', `${message} ${JSON.stringify(fields ?? {})}\n`);
  };
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const receiver = new Receiver({
    settings,
    tls: settings.tls === undefined ? undefined : await readTlsMaterial(settings.tls),
    log,
    pid: 42,
    uid,
    usage: () => ({ residentBytes: 50_000_000, cpuSeconds: 0.5 }),
    hookHost: { environment: {}, kill: process.kill.bind(process) },
    hideSecret: () => undefined,
    onChange: () => undefined,
  });
  onTestFinished(() => receiver.stop());
  return { receiver, folder, tokens, api, lines };
}

export async function runningReceiver(
  flags: Readonly<Record<string, unknown>> = {},
): Promise<Awaited<ReturnType<typeof makeReceiver>>> {
  const made = await makeReceiver(flags);
  await made.receiver.start();
  return made;
}

/** Resolves when the receiver has said OK. */
export async function deliver(
  path: string,
  accessToken: string,
  expiresAt = Math.floor(Date.now() / 1_000) + 1_800,
  refreshToken = 'made-up-refresh',
): Promise<void> {
  const payload = JSON.stringify({
    access_token: accessToken,
    refresh_token: refreshToken,
    expires_at: expiresAt,
  });
  await sendToken({ kind: 'unix', path }, payload, { timeoutMs: 5_000, expectReply: true });
}

/** One request to api.sock, as a client that is not ours would make it. */
export async function ask(
  api: string,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request({ socketPath: api, path, agent: false, ...options }, (response) => {
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
  });
  asked.on('error', reject);
  asked.end();
  return promise;
}
