/** The sender's parts together, on a real token file, against our stand-in for Schwab and against an OAuth server of others. */
import { startSandbox } from '@token-relay/schwab-sandbox';
import { TokenReceiver } from '@token-relay/socket';
import { OAuth2Server } from 'oauth2-mock-server';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Sender } from '../src/sender.ts';
import { loadSenderSettings } from '../src/settings.ts';
import { recordingLog } from './recording-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

const LOGIN_AT = 1_762_983_055;

interface SavedFile {
  readonly creation_timestamp: number;
  readonly unknown?: unknown;
  readonly token: Readonly<Record<string, unknown>>;
}

class SenderRig {
  readonly folder = temporaryFolder();
  readonly lines: string[] = [];
  readonly hidden: string[] = [];

  get tokenFile(): string {
    return join(this.folder, 'schwab_tokens.json');
  }

  get socket(): string {
    return join(this.folder, 'token.sock');
  }

  writeTokens(refreshToken: string): void {
    const token = {
      access_token: 'made-up-old-token',
      refresh_token: refreshToken,
      expires_at: LOGIN_AT,
      note: 'kept',
    };
    writeFileSync(this.tokenFile, JSON.stringify({ creation_timestamp: LOGIN_AT, token, unknown: [1] }));
    chmodSync(this.tokenFile, 0o600);
  }

  saved(): SavedFile {
    return JSON.parse(readFileSync(this.tokenFile, 'utf8')) as SavedFile;
  }

  async sender(tokenUrl: string, appConfig: { appKey: string; appSecret: string }): Promise<Sender> {
    const settings = await loadSenderSettings({
      env: { XDG_RUNTIME_DIR: this.folder },
      cwd: this.folder,
      uid: process.getuid?.() ?? 0,
      flags: { tokenUrl, tokenFile: this.tokenFile, socketPath: this.socket },
    });
    const sender = new Sender({
      settings,
      appConfig,
      certificates: new Map(),
      log: recordingLog(this.lines),
      pid: process.pid,
      hideSecret: (secret) => void this.hidden.push(secret),
      hookHost: { environment: {}, kill: () => true },
      deliveryAttempts: 1,
    });
    onTestFinished(() => sender.close());
    return sender;
  }
}

test('a refresh against an OAuth server that is not ours: saved, with all else in the file kept, and delivered', async () => {
  const rig = new SenderRig();
  rig.writeTokens('made-up-first-refresh-token');
  const server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(0, '127.0.0.1');
  onTestFinished(() => server.stop());
  const receiver = new TokenReceiver({ unixSocketPath: rig.socket });
  onTestFinished(() => receiver.stop());
  await receiver.start();

  const sender = await rig.sender(`http://127.0.0.1:${server.address().port}/token`, {
    appKey: 'made-up-key',
    appSecret: 'made-up-secret',
  });
  await sender.refresher.load();
  const beforeMs = Date.now();
  expect(await sender.refresher.refreshNow()).toEqual({
    kind: 'refreshed',
    message: 'Token refreshed successfully (expires in 1 hour)',
  });
  await sender.targets.settled();

  const first = rig.saved();
  expect(first).toMatchObject({
    creation_timestamp: LOGIN_AT,
    unknown: [1],
    token: { note: 'kept', token_type: 'Bearer', expires_in: 3600, id_token: expect.stringMatching(/^ey/) as unknown },
  });
  expect(statSync(rig.tokenFile).mode & 0o777).toBe(0o600);
  const accessToken = String(first.token['access_token']);
  expect(accessToken.split('.')).toHaveLength(3);
  expect(Number(first.token['expires_at']) * 1_000).toBeGreaterThanOrEqual(beforeMs - 1_000 + 3_600_000);
  expect(receiver.getLatestToken()?.message).toEqual({
    accessToken,
    expiresAtMs: Number(first.token['expires_at']) * 1_000,
  });
  expect(rig.hidden).toEqual(expect.arrayContaining([accessToken, 'made-up-secret', first.token['refresh_token']]));

  // The new refresh token is the one that is shown next.
  const shown = new Promise<unknown>((resolve) => {
    server.service.once('beforeResponse', (_response: unknown, request: { body: Record<string, unknown> }) =>
      resolve(request.body['refresh_token']),
    );
  });
  expect(await sender.refresher.refreshNow()).toMatchObject({ kind: 'refreshed' });
  expect(await shown).toBe(first.token['refresh_token']);
  expect(rig.saved().creation_timestamp).toBe(LOGIN_AT);
});

test.each([
  [{ error: 'invalid_grant' }, 400, 'refused'],
  [{ error: 'invalid_client', error_description: 'Unauthorized' }, 401, 'misconfigured'],
  [{ error: 'temporarily_unavailable' }, 503, 'passing'],
  [{ error: 'invalid_request' }, 400, 'passing'],
] as const)('an OAuth server that is not ours says %o: the token file is not touched', async (body, status, kind) => {
  const rig = new SenderRig();
  rig.writeTokens('made-up-refresh-token');
  const before = readFileSync(rig.tokenFile);
  const server = new OAuth2Server();
  await server.issuer.keys.generate('RS256');
  await server.start(0, '127.0.0.1');
  onTestFinished(() => server.stop());
  server.service.once('beforeResponse', (response: { body: unknown; statusCode: number }) => {
    response.body = body;
    response.statusCode = status;
  });
  const sender = await rig.sender(`http://127.0.0.1:${server.address().port}/token`, { appKey: 'k', appSecret: 's' });
  await sender.refresher.load();
  expect(await sender.refresher.refreshNow()).toMatchObject({ kind });
  expect(readFileSync(rig.tokenFile)).toEqual(before);
  expect(sender.report.status().last_refresh).toMatchObject({ ok: false });
});

test('a refresh token that rotates is saved before it is needed, so that no login is lost', async () => {
  await using schwab = await startSandbox({ rotateRefreshToken: true });
  const rig = new SenderRig();
  rig.writeTokens(schwab.logIn().refreshToken);
  for (let start = 0; start < 3; start += 1) {
    const sender = await rig.sender(schwab.tokenUrl, schwab.credentials);
    await sender.refresher.load();
    expect(await sender.refresher.refreshNow()).toMatchObject({ kind: 'refreshed' });
  }
  expect(new Set(schwab.requests.map(({ shown }) => shown)).size).toBe(3);
  expect(rig.saved().creation_timestamp).toBe(LOGIN_AT);
});

test('the loop runs on real time too: refreshes at its interval, stops when told, and leaves the newest in the file', async () => {
  await using schwab = await startSandbox({ accessTokenSeconds: 3 });
  const rig = new SenderRig();
  rig.writeTokens(schwab.logIn().refreshToken);
  const sender = await rig.sender(schwab.tokenUrl, schwab.credentials);
  await sender.refresher.load();
  const stop = new AbortController();
  const running = sender.refresher.run(stop.signal);
  await schwab.waitForRequest(2);
  stop.abort();
  await running;
  expect(sender.report.status()).toMatchObject({ state: 'healthy', refreshes: 2, saved: true });
  expect(rig.saved().token['refresh_token']).toBeDefined();
});

test('No secret leaves by a side door: neither the status nor the log of a refresh holds a token', async () => {
  await using schwab = await startSandbox();
  const rig = new SenderRig();
  const { refreshToken } = schwab.logIn();
  rig.writeTokens(refreshToken);
  const sender = await rig.sender(schwab.tokenUrl, schwab.credentials);
  await sender.refresher.load();
  await sender.refresher.refreshNow();
  schwab.revoke();
  await sender.refresher.refreshNow();
  await sender.targets.settled();
  const everything = `${rig.lines.join('\n')}${JSON.stringify(sender.report.status())}`;
  for (const secret of [refreshToken, schwab.credentials.appSecret, String(rig.saved().token['access_token'])]) {
    expect(everything).not.toContain(secret);
  }
});
