import { startSandbox } from '@token-relay/schwab-sandbox';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Sender } from '../src/sender.ts';
import { loadSenderSettings } from '../src/settings.ts';
import { freePort } from './free-port.ts';
import { recordingLog } from './recording-log.ts';
import { redirectAfterLogin, visit } from './stand-in-browser.ts';
import { temporaryFolder } from './temporary-folder.ts';

async function rig() {
  const folder = temporaryFolder();
  const callbackUrl = `https://127.0.0.1:${await freePort()}`;
  const sandbox = await startSandbox({ autoApprove: true, callbackUrl });
  onTestFinished(() => sandbox.close());
  const tokenFile = join(folder, 'tokens', 'schwab_tokens.json');
  await mkdir(join(folder, 'tokens'));
  const settings = await loadSenderSettings({
    env: { XDG_RUNTIME_DIR: folder },
    cwd: folder,
    uid: process.getuid?.() ?? 0,
    flags: { tokenFile, tokenUrl: sandbox.tokenUrl, authorizeUrl: sandbox.authorizeUrl },
  });
  const lines: string[] = [];
  const hidden: string[] = [];
  const sender = new Sender({
    settings,
    appConfig: { ...sandbox.credentials, callbackUrl },
    certificates: new Map(),
    log: recordingLog(lines),
    pid: 1,
    hideSecret: (secret) => void hidden.push(secret),
    hookHost: { environment: {}, kill: () => true },
    deliveryAttempts: 1,
  });
  onTestFinished(async () => {
    await sender.close();
  });
  const logIn = async () => {
    const view = await sender.login.start();
    if (view.kind !== 'waiting') throw new Error(view.kind);
    sender.login.paste(await redirectAfterLogin(view.authorizeUrl));
    return ended();
  };
  const ended = () =>
    new Promise<ReturnType<typeof sender.login.state>>((resolve) => {
      const look = () => {
        const state = sender.login.state();
        if (state.kind === 'done' || state.kind === 'failed') resolve(state);
      };
      sender.login.onChange(look);
      look();
    });
  const onDisk = async () =>
    JSON.parse(await readFile(tokenFile, 'utf8')) as {
      creation_timestamp: number;
      token: Record<string, unknown>;
      note?: string;
    };
  return { sandbox, sender, tokenFile, lines, hidden, logIn, onDisk };
}

test('a new login is saved with its own time, and what the file had of others is kept', async () => {
  const { sandbox, sender, tokenFile, logIn, onDisk, hidden } = await rig();
  const old = { ...(JSON.parse(tokenFileOf(sandbox)) as object), creation_timestamp: 1_762_000_000, note: 'mine' };
  await writeFile(tokenFile, JSON.stringify(old), { mode: 0o600 });
  await sender.refresher.load();
  const before = Math.floor(Date.now() / 1_000);
  expect(await logIn()).toMatchObject({ kind: 'done' });
  const file = await onDisk();
  expect(file.creation_timestamp).toBeGreaterThanOrEqual(before);
  expect(file.note).toBe('mine');
  expect(file.token['refresh_token']).not.toBe((old as unknown as typeof file).token['refresh_token']);
  expect(sender.refresher.snapshot().tokenSet?.accessToken).toBe(file.token['access_token']);
  for (const name of ['access_token', 'refresh_token']) expect(hidden).toContain(file.token[name]);
  expect((await sender.refresher.refreshNow()).kind).toBe('refreshed');
});

test('the first login needs no token file', async () => {
  const { sender, logIn, onDisk, lines } = await rig();
  await sender.refresher.load();
  expect(await logIn()).toMatchObject({
    kind: 'done',
    message: expect.stringMatching(/^Logged in for 7 days, until 20/) as string,
  });
  expect((await onDisk()).token['access_token']).toMatch(/^I0\./);
  expect(lines.some((line) => line.startsWith('INFO Logged in for 7 days'))).toBe(true);
});

test("the old login's tokens stay until the new ones are there: every way to fail leaves the file as it was", async () => {
  const { sandbox, sender, tokenFile, logIn } = await rig();
  const text = tokenFileOf(sandbox);
  await writeFile(tokenFile, text, { mode: 0o600 });
  await sender.refresher.load();
  const held = sender.refresher.snapshot().tokenSet;
  for (const fault of [
    { kind: 'no_refresh_token' },
    { kind: 'unauthorized' },
    { kind: 'status', status: 500 },
  ] as const) {
    sandbox.addFault(fault);
    expect(await logIn()).toMatchObject({ kind: 'failed' });
    expect(await readFile(tokenFile, 'utf8')).toBe(text);
    expect(sender.refresher.snapshot().tokenSet).toEqual(held);
  }
});

test('a login that cannot be saved is loud, and used all the same', async () => {
  const { sender, tokenFile, logIn } = await rig();
  await sender.refresher.load();
  await mkdir(tokenFile);
  await chmod(tokenFile, 0o700);
  expect(await logIn()).toMatchObject({
    kind: 'done',
    problem: expect.stringMatching(/not saved.*schwab_tokens/) as string,
  });
  expect(sender.refresher.snapshot()).toMatchObject({
    saved: false,
    tokenSet: { loginAtMs: expect.any(Number) as number },
  });
});

test('whoever comes second joins the login under way; the next one is another', async () => {
  const { sender } = await rig();
  const [first, second] = await Promise.all([sender.login.start(), sender.login.start({ listen: false })]);
  expect(second).toEqual(first);
  sender.login.cancel('of another');
  expect(sender.login.state().kind).toBe('waiting');
  sender.login.cancel();
  expect(sender.login.state()).toMatchObject({ kind: 'failed', code: 'cancelled' });
  const third = await sender.login.start();
  expect(third).toMatchObject({ kind: 'waiting', listening: expect.any(String) as string });
  expect(JSON.stringify(third)).not.toBe(JSON.stringify(first));
});

test('a new login waits until the browser of the one before has its last page, and then has the port', async () => {
  const { sender } = await rig();
  await sender.refresher.load();
  const first = await sender.login.start();
  const redirect = await redirectAfterLogin(first.kind === 'waiting' ? first.authorizeUrl : '');
  const { location = '' } = await visit(redirect);
  sender.login.paste(redirect);
  await new Promise<void>((resolve) => sender.login.onChange(resolve));
  const starting = sender.login.start();
  // Time enough for one that does not wait to find the port taken.
  for (let round = 0; round < 10; round += 1) expect((await visit(new URL('/', location).href)).status).toBe(404);
  expect((await visit(location)).text).toContain('You are logged in');
  expect(await starting).toMatchObject({ kind: 'waiting', listening: expect.any(String) as string });
});

test('no secret leaves by a side door: the log of a login has no code, state or token', async () => {
  const { sandbox, sender, logIn, lines, hidden } = await rig();
  await sender.refresher.load();
  const view = await sender.login.start();
  const address = view.kind === 'waiting' ? view.authorizeUrl : '';
  const state = new URL(address).searchParams.get('state') ?? '';
  const code = new URL(await redirectAfterLogin(address)).searchParams.get('code') ?? '';
  sandbox.addFault({ kind: 'unauthorized' });
  await logIn();
  await logIn();
  expect(lines.length).toBeGreaterThan(3);
  for (const secret of [state, code, sandbox.credentials.appKey, ...hidden.filter((text) => text.length > 20)]) {
    expect(lines.join('\n')).not.toContain(secret);
  }
});

function tokenFileOf(sandbox: Awaited<ReturnType<typeof startSandbox>>): string {
  sandbox.logIn();
  return sandbox.tokenFileText();
}
