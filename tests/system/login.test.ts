import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../apps/sender/tests/free-port.ts';
import { land, redirectAfterLogin } from '../../apps/sender/tests/stand-in-browser.ts';
import { Bench, type Program } from './processes.ts';

const ADDRESS = /^ {2}(http:\S+)$/;

/** A user whose app has its callback on a free port of this machine, and who is not logged in. */
async function loginBench(options: Parameters<typeof Bench.make>[0] = {}): Promise<Bench & { callbackUrl: string }> {
  const callbackUrl = `https://127.0.0.1:${await freePort()}`;
  const bench = await Bench.make({ autoApprove: true, callbackUrl, ...options });
  await writeApp(bench, `callback_url: ${callbackUrl}\n`);
  return Object.assign(bench, { callbackUrl });
}

async function writeApp(bench: Bench, callback: string, secret = bench.sandbox.credentials.appSecret): Promise<void> {
  const { appKey } = bench.sandbox.credentials;
  await bench.write('app.yaml', `app_key: ${appKey}\napp_secret: ${secret}\n${callback}`, 0o600);
}

function login(bench: Bench, ...args: string[]): Program {
  return bench.start('token-refresh-sender', ['login', ...loginArguments(bench), ...args], { stdin: 'pipe' });
}

function loginArguments(bench: Bench): string[] {
  return [...bench.senderArguments(), `--authorize-url=${bench.sandbox.authorizeUrl}`];
}

function daemon(bench: Bench): Program {
  return bench.sender(`--authorize-url=${bench.sandbox.authorizeUrl}`);
}

async function addressOf(program: Program): Promise<string> {
  return (await program.line(ADDRESS)).trim();
}

async function redirectOf(program: Program): Promise<string> {
  return redirectAfterLogin(await addressOf(program));
}

function paste(program: Program, text: string): void {
  program.child.stdin?.write(text);
}

test('without a daemon: the address is pasted, the tokens are saved and delivered, and the login time is now', async () => {
  await using bench = await loginBench();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const before = await bench.tokens();
  const command = login(bench, '--no-browser');
  await command.line(/Unable to connect/);
  await command.line(/within 30 seconds/);
  paste(command, `${await redirectOf(command)}\n`);
  const { code, stdout, stderr } = await command.finished;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/Token delivered to receiver[^]*Logged in for 7 days, until 20\d\d-/);
  const after = await bench.tokens();
  expect(after.token['refresh_token']).not.toBe(before.token['refresh_token']);
  expect(after.creation_timestamp).toBeGreaterThanOrEqual(before.creation_timestamp);
  expect((await stat(bench.tokenFile)).mode & 0o777).toBe(0o600);
  await receiver.until('the new token', () => (receiver.count(/Token received/) === 2 ? true : undefined));
  expect((await bench.get('/v1/token/raw')).text).toBe(after.token['access_token']);
  for (const name of ['access_token', 'refresh_token', 'id_token']) expect(stdout).not.toContain(after.token[name]);
});

test('without a daemon: the hook login_done runs to its end before the command ends', async () => {
  await using bench = await loginBench();
  const hooks = { login_done: ['sh', '-c', 'cat > said; sleep 0.2; echo done >> said'] };
  const command = login(bench, '--no-browser', `--hooks=${JSON.stringify(hooks)}`);
  paste(command, `${await redirectOf(command)}\n`);
  expect((await command.finished).code).toBe(0);
  expect(await readFile(bench.path('said'), 'utf8')).toMatch(/new login[^]*done\n$/);
});

test('with a daemon: the redirect is caught by it, and it saves and publishes; no restart, and refreshes go on', async () => {
  await using bench = await loginBench();
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const sender = daemon(bench);
  await sender.line(/Token delivered/);
  const command = login(bench);
  await command.line(/the browser to https:\/\/127\.0\.0\.1/);
  const page = await land(await redirectOf(command));
  expect(page.text).toContain('You are logged in');
  expect(await command.finished).toMatchObject({ code: 0, stderr: '' });
  await receiver.until('the new token', () => (receiver.count(/Token received/) === 2 ? true : undefined));
  expect((await bench.get('/v1/token/raw')).text).toBe((await bench.tokens()).token['access_token']);
  expect((await bench.senderCommand('refresh')).code).toBe(0);
  const log = await readFile(bench.path('sender.log'), 'utf8');
  expect(log).toMatch(/INFO: Logged in for 7 days, until /);
  expect((await stat(bench.path('.callback-certificate.pem'))).mode & 0o777).toBe(0o600);
});

test('a daemon that waits for a login goes on by itself when there is one', async () => {
  await using bench = await loginBench();
  await bench.writeTokenFile('{}');
  const sender = daemon(bench);
  await sender.line(/ERROR: Login required/);
  const command = login(bench, '--no-browser');
  paste(command, `${await redirectOf(command)}\n`);
  expect((await command.finished).code).toBe(0);
  await sender.line(/Logged in for 7 days/);
  await sender.line(/Recovered|taken over/);
  expect((await bench.senderCommand('status')).stdout).toMatch(/^State: +healthy/);
});

test('two logins at once are one, and each command says how it ended', async () => {
  await using bench = await loginBench();
  const sender = daemon(bench);
  await sender.line(/started/);
  const first = login(bench, '--no-browser');
  const second = login(bench, '--no-browser');
  expect(await addressOf(second)).toBe(await addressOf(first));
  paste(second, `${await redirectOf(first)}\n`);
  expect((await first.finished).code).toBe(0);
  expect((await second.finished).code).toBe(0);
  expect(bench.sandbox.requests.filter(({ grantType }) => grantType === 'authorization_code')).toHaveLength(1);
});

test('wrong pastes are told apart, and do not end the login', async () => {
  await using bench = await loginBench();
  const command = login(bench, '--no-browser');
  const redirect = await redirectOf(command);
  for (const [text, words] of [
    ['what?', /not a web address/],
    ['https://client.schwab.com/login', /Go on in the browser/],
    [redirect.slice(0, redirect.indexOf('%40') - 5), /cut off/],
    [redirect.replace(/&state=.*/, '&state=of-an-earlier-try'), /another login, perhaps an earlier try/],
    [redirect.replace(/&state=.*/, ''), /has no state in it/],
  ] as const) {
    paste(command, `${text}\n`);
    await command.line(words);
  }
  expect(bench.sandbox.requests).toHaveLength(0);
  // Twice, with %40 already decoded, and broken into lines by the terminal.
  paste(
    command,
    `${redirect
      .replace('%40', '@')
      .replaceAll(/(.{30})/g, '$1\n')
      .repeat(2)}\n`,
  );
  expect((await command.finished).code).toBe(0);
});

test('what is sent to its standard input at once is taken, and if that is wrong it ends', async () => {
  await using bench = await loginBench();
  const command = login(bench, '--no-browser');
  await addressOf(command);
  command.child.stdin?.end('https://example.com/\n');
  expect(await command.finished).toMatchObject({ code: 1, stderr: expect.stringMatching(/example\.com/) as string });
  const silent = login(bench, '--no-browser');
  silent.child.stdin?.end();
  expect(await silent.finished).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/No address was pasted/) as string,
  });
});

test('Ctrl+C ends the login with exit code 1, the daemon goes on, and the old login stays', async () => {
  await using bench = await loginBench();
  const sender = daemon(bench);
  await sender.line(/started/);
  const text = await readFile(bench.tokenFile, 'utf8');
  const command = login(bench);
  await addressOf(command);
  command.signal('SIGINT');
  expect(await command.finished).toMatchObject({ code: 1, stderr: 'error: The login was cancelled.\n' });
  expect(await readFile(bench.tokenFile, 'utf8')).toBe(text);
  expect((await bench.senderCommand('refresh')).code).toBe(0);
  // The port is free for the next one.
  const next = login(bench);
  await next.line(/the browser to https/);
});

test('a login that nobody makes ends with exit code 75; a timeout that cannot be is wrong usage', async () => {
  await using bench = await loginBench();
  const command = login(bench, '--timeout=1s');
  const { code, stderr } = await command.finished;
  expect(code).toBe(75);
  expect(stderr).toMatch(/^error: Nobody logged in in time\. Start again\.\n$/m);
  // Once is enough.
  expect(stderr).not.toContain('Login failed');
  expect(await login(bench, '--timeout=5').finished).toMatchObject({ code: 2 });
  expect(await login(bench, '--timeout=3d').finished).toMatchObject({ code: 2 });
});

test.each([
  ['denied', 1, /Access was denied/],
  ['expired', 75, /older than 30 seconds/],
  ['no_refresh_token', 1, /without a refresh token/],
  ['wrong_secret', 78, /app_key and app_secret/],
  ['outage', 75, /HTTP 503/],
] as const)(
  'a login that goes wrong has its own words and exit code, and leaves the old one: %s',
  async (what, exit, words) => {
    let nowMs = Date.now();
    await using bench = await loginBench({ nowMs: () => nowMs });
    const { callbackUrl, sandbox } = bench;
    if (what === 'wrong_secret') await writeApp(bench, `callback_url: ${callbackUrl}\n`, 'made-up-secret-2');
    if (what === 'no_refresh_token') sandbox.addFault({ kind: 'no_refresh_token' });
    if (what === 'outage') sandbox.addFault({ kind: 'status', status: 503 });
    const text = await readFile(bench.tokenFile, 'utf8');
    const command = login(bench);
    const address = await addressOf(command);
    let redirect = await redirectAfterLogin(address);
    if (what === 'expired') nowMs += 31_000;
    if (what === 'denied') {
      redirect = `${callbackUrl}/?error=access_denied&state=${new URL(address).searchParams.get('state') ?? ''}`;
    }
    const page = await land(redirect);
    expect(page.text).toContain('The login did not work');
    expect(page.text).toMatch(words);
    expect(await command.finished).toMatchObject({ code: exit, stderr: expect.stringMatching(words) as string });
    expect(await readFile(bench.tokenFile, 'utf8')).toBe(text);
  },
);

test('a callback whose port is taken: the address can be pasted; with nobody to paste it, that is the end', async () => {
  await using bench = await loginBench();
  const other = createServer().listen(Number(new URL(bench.callbackUrl).port), '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const command = login(bench);
  await command.line(/Port \d+ of the callback is in use by another program/);
  paste(command, `${await redirectOf(command)}\n`);
  expect((await command.finished).code).toBe(0);
  const alone = login(bench);
  alone.child.stdin?.end();
  expect(await alone.finished).toMatchObject({ code: 1, stderr: expect.stringMatching(/in use by another/) as string });
});

test.each([
  ['missing', '', /no callback_url/],
  ['http', 'callback_url: http://127.0.0.1:8182\n', /not https/],
  ['of another machine', 'callback_url: https://example.com/back\n', /not this machine's own/],
])('a callback that cannot serve ends with exit code 78 and what to do: %s', async (_what, callback, words) => {
  await using bench = await loginBench();
  await writeApp(bench, callback);
  const command = login(bench);
  command.child.stdin?.end();
  const { code, stderr } = await command.finished;
  expect(stderr).toMatch(words);
  expect(stderr).toMatch(/developer\.schwab\.com/);
  expect(code).toBe(78);
});

test('a folder that tokens cannot be saved in is told of before anybody logs in', async () => {
  await using bench = await loginBench();
  const command = login(bench, `--token-file=${bench.path('nowhere/tokens.json')}`);
  expect(await command.finished).toMatchObject({ code: 78, stderr: expect.stringMatching(/nowhere/) as string });
});

test('where there is a screen, the browser is opened with the address', async () => {
  await using bench = await loginBench();
  await mkdir(bench.path('bin'));
  await writeFile(
    bench.path('bin/xdg-open'),
    `#!/bin/sh\necho "$1" > '${bench.path('opened.new')}' && mv '${bench.path('opened.new')}' '${bench.path('opened')}'\n`,
    { mode: 0o755 },
  );
  const env = { DISPLAY: ':0', PATH: `${bench.path('bin')}:${process.env['PATH'] ?? ''}` };
  const command = bench.start('token-refresh-sender', ['login', ...loginArguments(bench)], { stdin: 'pipe', env });
  await command.line(/the browser that opens now/);
  const address = await addressOf(command);
  // The page is fetched by whoever the script stands for; the script is done before the login can be.
  await expect.poll(() => readFile(bench.path('opened'), 'utf8').catch(() => '')).toBe(`${address}\n`);
  await land(await redirectAfterLogin(address));
  expect((await command.finished).code).toBe(0);
});
