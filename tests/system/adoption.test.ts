/** What becomes of the login when another program writes the token file, and what hooks are told of it. */
import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Bench, type Program } from './processes.ts';

const TAKEN_OVER = /INFO: Newer tokens found in \S+schwab_tokens\.json: taken over/;
const MINUTE_MS = 60_000;

interface AdoptionBench {
  readonly bench: Bench;
  readonly receiver: Program;
  readonly sender: Program;
  /** A login made elsewhere, so long after the one before; its token file as schwab-py has it. */
  readonly logInElsewhere: () => string;
}

/** Both daemons at work with a login of ten minutes ago. */
async function running(...args: string[]): Promise<AdoptionBench & AsyncDisposable> {
  let agoMs = 10 * MINUTE_MS;
  const bench = await Bench.make({ nowMs: () => Date.now() - agoMs });
  const receiver = bench.receiver();
  await receiver.line(/started/);
  const sender = bench.sender(...args);
  await sender.line(/started/);
  await receiver.line(/Token received/);
  const logInElsewhere = () => {
    agoMs -= MINUTE_MS;
    bench.sandbox.logIn();
    return bench.sandbox.tokenFileText();
  };
  return { bench, receiver, sender, logInElsewhere, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

async function served({ bench, receiver }: AdoptionBench, count: number): Promise<string> {
  await receiver.until(`token ${count}`, () => (receiver.count(/Token received/) === count ? true : undefined));
  return (await bench.get('/v1/token/raw')).text;
}

function accessToken(text: string): string {
  return (JSON.parse(text) as { token: { access_token: string } }).token.access_token;
}

function withoutRefreshToken(token: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(token).filter(([name]) => name !== 'refresh_token'));
}

describe('a login made elsewhere is taken over from the token file, published and logged', () => {
  test.each<[string, (path: string, text: string) => Promise<void>]>([
    ['written over the old one, as schwab-py does', (path, text) => writeFile(path, text)],
    [
      'put in its place by a rename',
      async (path, text) => {
        await writeFile(`${path}.new`, text, { mode: 0o600 });
        await rename(`${path}.new`, path);
      },
    ],
    [
      'after the old one was removed',
      async (path, text) => {
        await rm(path);
        await writeFile(path, text, { mode: 0o600 });
      },
    ],
  ])('%s', async (_how, write) => {
    await using adoption = await running();
    const { bench, sender, logInElsewhere } = adoption;
    for (const login of [1, 2]) {
      const text = logInElsewhere();
      await write(bench.tokenFile, text);
      await sender.until('the take-over', () => (sender.count(TAKEN_OVER) === login ? true : undefined));
      expect(await served(adoption, login + 1)).toBe(accessToken(text));
      expect(await readFile(bench.tokenFile, 'utf8')).toBe(text);
    }
    expect(bench.sandbox.requests).toHaveLength(0);
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    expect(bench.sandbox.requests.at(-1)).toMatchObject({ outcome: 'issued' });
  });

  test('one that others can read is taken over as soon as it is closed to them, with the command to run', async () => {
    await using adoption = await running();
    const { bench, sender, logInElsewhere } = adoption;
    const text = logInElsewhere();
    await rm(bench.tokenFile);
    await writeFile(bench.tokenFile, text, { mode: 0o644 });
    await sender.line(
      /WARN: others can get at \S+ \(mode 0644\): run chmod 600 \S+; going on with the tokens in memory/,
    );
    expect(sender.count(TAKEN_OVER)).toBe(0);
    await chmod(bench.tokenFile, 0o600);
    await sender.line(TAKEN_OVER);
    expect(await served(adoption, 2)).toBe(accessToken(text));
  });
});

describe('what is older or broken replaces nothing, and the next refresh puts the file right', () => {
  const older = (text: string): string => {
    const file = JSON.parse(text) as { creation_timestamp: number; token: Record<string, unknown> };
    const token = { ...file.token, access_token: 'made-up-older', refresh_token: 'made-up-older-refresh' };
    return JSON.stringify({ ...file, creation_timestamp: file.creation_timestamp - 86_400, token });
  };
  type TokenFile = { creation_timestamp: number; token: Record<string, unknown> };
  /** Another login, made a minute later. */
  const newer =
    (change: (file: TokenFile) => unknown) =>
    (text: string): string => {
      const { creation_timestamp, token } = JSON.parse(text) as TokenFile;
      const tokens = { access_token: 'made-up-newer', refresh_token: 'made-up-newer-refresh' };
      const expires_at = Number(token['expires_at']) + 600;
      return JSON.stringify(
        change({ creation_timestamp: creation_timestamp + 60, token: { ...token, ...tokens, expires_at } }),
      );
    };
  const KEEPING = /keeping the tokens in use, which the next refresh will save/.source;
  test.each<[string, (text: string) => string, RegExp]>([
    [
      'a newer login that has no refresh token',
      newer((file) => ({ ...file, token: withoutRefreshToken(file.token) })),
      new RegExp(`WARN: \\S+schwab_tokens\\.json has lost its refresh token, .*; ${KEEPING}`),
    ],
    [
      'another login that does not say when it was made',
      newer(({ token }) => ({ token })),
      new RegExp(`WARN: .*does not say when it was made.*; ${KEEPING}`),
    ],
    [
      'another login that was made next year',
      newer(({ token, creation_timestamp }) => ({ token, creation_timestamp: creation_timestamp + 365 * 86_400 })),
      new RegExp(`WARN: .*was made in the future: .*or the clock of this machine; ${KEEPING}`),
    ],
    ['an older login', older, /WARN: \S+schwab_tokens\.json has older tokens than the ones in use; keeping the newer/],
    ['a file cut off', (text) => text.slice(0, 100), /WARN: .*not valid JSON.*; going on with the tokens in memory/],
    ['an empty file', () => '', /WARN: .*it is empty.*; going on with the tokens in memory/],
    ['something else', () => '{"hello": "world"}', /WARN: .*is not a token file.*; going on with the tokens in memory/],
  ])('%s', async (_what, spoil, words) => {
    await using adoption = await running();
    const { bench, sender } = adoption;
    const before = await bench.tokens();
    const held = await served(adoption, 1);
    await writeFile(bench.tokenFile, spoil(JSON.stringify(before)));
    await sender.line(words);
    expect(await served(adoption, 1)).toBe(held);
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    expect(sender.count(words)).toBe(1);
    const after = await bench.tokens();
    expect(after.creation_timestamp).toBe(before.creation_timestamp);
    expect(after.token['refresh_token']).toBe(before.token['refresh_token']);
    expect(await served(adoption, 2)).toBe(after.token['access_token']);
    expect((await stat(bench.tokenFile)).mode & 0o777).toBe(0o600);
    expect(sender.count(TAKEN_OVER)).toBe(0);
  });

  test('a file that is gone', async () => {
    await using adoption = await running();
    const { bench } = adoption;
    const before = await bench.tokens();
    await rm(bench.tokenFile);
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    expect((await bench.tokens()).creation_timestamp).toBe(before.creation_timestamp);
  });
});

test('with a file that cannot be refreshed, an older login that is put back is taken over', async () => {
  await using adoption = await running();
  const { bench, sender } = adoption;
  const backup = await readFile(bench.tokenFile, 'utf8');
  await sender.stop();
  const { creation_timestamp, token } = await bench.tokens();
  const bare = { creation_timestamp: creation_timestamp + 60, token: withoutRefreshToken(token) };
  await bench.writeTokenFile(JSON.stringify(bare));
  const again = bench.sender();
  await again.line(/ERROR: Login required: .*has no refresh token/);
  await bench.writeTokenFile(backup);
  await again.line(TAKEN_OVER);
  expect((await bench.senderCommand('refresh')).code).toBe(0);
  expect((await bench.tokens()).creation_timestamp).toBe(creation_timestamp);
});

test('hooks: login_required and login_done are run, with what to do on standard input and no secret anywhere', async () => {
  await using bench = await Bench.make();
  const text = await readFile(bench.tokenFile, 'utf8');
  await rm(bench.tokenFile);
  await bench.write('hook.sh', '{ env; echo --; cat; } > "$1/$TOKEN_RELAY_EVENT.txt"\n');
  const script = ['/bin/sh', bench.path('hook.sh'), bench.folder];
  const hooks = { login_required: [['/made/up/program'], script], login_done: script };
  await bench.write('sender.yaml', `log_level: debug\nhooks: ${JSON.stringify(hooks)}\n`);
  const sender = bench.start(
    'token-refresh-sender',
    ['run', ...bench.senderArguments(), `--config=${bench.path('sender.yaml')}`],
    { env: { SCHWAB_REFRESH_TOKEN: 'made-up-refresh-in-env', APP_SECRET: 'made-up-secret-in-env', HOME: '/made-up' } },
  );
  await sender.line(/WARN: Hook login_required: \/made\/up\/program could not be started/);
  await sender.line(/DEBUG: Hook login_required: \/bin\/sh succeeded/);
  await bench.write('new.json', text, 0o600);
  await rename(bench.path('new.json'), bench.tokenFile);
  await sender.line(TAKEN_OVER);
  await sender.line(/DEBUG: Hook login_done: \/bin\/sh succeeded/);

  const told = async (event: string): Promise<{ names: (string | undefined)[]; stdin: string; all: string }> => {
    const all = await readFile(bench.path(`${event}.txt`), 'utf8');
    const [environment = '', stdin = ''] = all.split('\n--\n');
    return { names: environment.split('\n').map((line) => line.split('=')[0]), stdin, all };
  };
  const required = await told('login_required');
  expect(required.stdin).toMatch(
    /^Login required: .*schwab_tokens\.json does not exist\. Log in again with: token-refresh-sender login .*\n$/,
  );
  const done = await told('login_done');
  expect(done.stdin).toMatch(/new login/);
  const { credentials } = bench.sandbox;
  const { token } = await bench.tokens();
  for (const [event, { names, all }] of Object.entries({ login_required: required, login_done: done })) {
    expect(all).toContain(`TOKEN_RELAY_EVENT=${event}\n`);
    // The shell adds three of its own.
    const allowed = ['PATH', 'HOME', 'LANG', 'TOKEN_RELAY_EVENT', 'PWD', 'OLDPWD', 'SHLVL', '_'];
    expect(names.filter((name) => name !== undefined && !allowed.includes(name))).toEqual([]);
    for (const secret of ['-in-env', credentials.appSecret, ...Object.values(token).map(String)]) {
      if (secret.length > 6) expect(all).not.toContain(secret);
    }
  }
  // A restart is no new login.
  await sender.stop();
  await rm(bench.path('login_done.txt'));
  const again = bench.start('token-refresh-sender', [
    'run',
    ...bench.senderArguments(),
    `--config=${bench.path('sender.yaml')}`,
    '--socket-retries=1',
  ]);
  await again.line(/Token not delivered|Token delivered/);
  await again.stop();
  expect(again.count(/Hook/)).toBe(0);
});
