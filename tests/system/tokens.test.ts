/** `token-refresh-sender tokens …` and the encrypted token file, as a user meets them. */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { Bench, type Finished } from './processes.ts';

type Env = Record<string, string>;

async function tokens(bench: Bench, args: readonly string[], env: Env = {}): Promise<Finished> {
  return bench.start('token-refresh-sender', ['tokens', ...args, ...bench.senderArguments()], { env }).finished;
}

/** What was said, once it is sure that it is for people, holds no token and comes with the right exit code. */
async function said(bench: Bench, expectedCode: number, args: readonly string[], env: Env = {}): Promise<string> {
  const { code, stdout, stderr } = await tokens(bench, args, env);
  const text = stdout + stderr;
  expect({ code, text }).toEqual({ code: expectedCode, text });
  expect(text).not.toMatch(/\n\s+at |this is a bug|undefined|\[object|NaN|made-up-|I0\./);
  return text;
}

const NOW = Math.floor(Date.now() / 1_000);
const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace('.000Z', '+00:00');
const MEMBERS = { access_token: 'made-up-access', refresh_token: 'made-up-refresh', id_token: 'made-up-id' };
const REST = { expires_in: 1800, token_type: 'Bearer', scope: 'api' };
/** A login one minute after the bench's. */
const LOGIN = NOW + 60;

/** Other programs' files of one login. */
const sources = {
  'schwab-py': JSON.stringify({
    creation_timestamp: LOGIN,
    token: { ...MEMBERS, ...REST, expires_at: LOGIN + 1800 },
  }),
  'Schwabdev before 3.0': JSON.stringify({
    access_token_issued: iso(LOGIN),
    refresh_token_issued: iso(LOGIN),
    token_dictionary: { ...MEMBERS, ...REST },
  }),
} as const;

function makeSchwabdevDatabase(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(`CREATE TABLE schwabdev (access_token_issued TEXT NOT NULL, refresh_token_issued TEXT NOT NULL,
    access_token TEXT NOT NULL, refresh_token TEXT NOT NULL, id_token TEXT NOT NULL, expires_in INTEGER,
    token_type TEXT, scope TEXT)`);
  const { access_token, refresh_token, id_token } = MEMBERS;
  database
    .prepare('INSERT INTO schwabdev VALUES (?, ?, ?, ?, ?, 1800, ?, ?)')
    .run(iso(LOGIN), iso(LOGIN), access_token, refresh_token, id_token, 'Bearer', 'api');
  database.close();
}

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('tokens import', () => {
  test.each(Object.entries(sources))('reads the file of %s, told apart by its content', async (_name, text) => {
    await using bench = await Bench.make();
    await bench.write('other.json', text, 0o600);
    expect(await said(bench, 0, ['import', 'other.json'])).toMatch(/^Imported to .*; the login ends 20\d\d-\d\d-/);
    expect(await bench.tokens()).toMatchObject({
      creation_timestamp: LOGIN,
      token: { ...MEMBERS, expires_at: LOGIN + 1800 },
    });
    expect(await modeOf(bench.tokenFile)).toBe(0o600);
    expect(await readFile(bench.path('other.json'), 'utf8')).toBe(text);
  });

  test("reads Schwabdev's database", async () => {
    await using bench = await Bench.make();
    makeSchwabdevDatabase(bench.path('tokens.db'));
    await chmod(bench.path('tokens.db'), 0o600);
    await said(bench, 0, ['import', bench.path('tokens.db')]);
    expect(await bench.tokens()).toMatchObject({
      creation_timestamp: LOGIN,
      token: { ...MEMBERS, expires_at: LOGIN + 1800 },
    });
  });

  test('reads the flat form, and says what it does not know', async () => {
    await using bench = await Bench.make();
    await bench.write('flat.json', JSON.stringify({ ...MEMBERS, expires_at: iso(LOGIN + 1800) }), 0o644);
    expect(await said(bench, 1, ['import', 'flat.json'])).toMatch(/has a login that is as new or newer; nothing is/);
    const text = await said(bench, 0, ['import', 'flat.json', '--force']);
    expect(text).toMatch(/warning: others can get at \S+flat\.json \(mode 0644\): run chmod 600/);
    expect(text).toMatch(/warning: .*does not say when the login was/);
    expect(text).toMatch(/ends at an unknown time/);
    expect((await bench.tokens()).token).toMatchObject(MEMBERS);
  });

  test('reads the environment, and tells which variables it looked for', async () => {
    await using bench = await Bench.make();
    expect(await said(bench, 1, ['import', 'env'])).toMatch(/Neither SCHWAB_ACCESS_TOKEN nor SCHWAB_REFRESH_TOKEN/);
    await said(bench, 0, ['import', 'env'], {
      SCHWAB_REFRESH_TOKEN: MEMBERS.refresh_token,
      SCHWAB_CREATION_TIMESTAMP: String(LOGIN),
    });
    expect(await bench.tokens()).toMatchObject({
      creation_timestamp: LOGIN,
      token: { refresh_token: MEMBERS.refresh_token },
    });
  });

  test('an older login, a missing file and one that is none are refused, and nothing is changed', async () => {
    await using bench = await Bench.make();
    const before = await readFile(bench.tokenFile, 'utf8');
    const older = { creation_timestamp: NOW - 86_400, token: { ...MEMBERS, expires_at: NOW } };
    await bench.write('older.json', JSON.stringify(older), 0o600);
    await bench.write('broken.json', '{"token": {"refresh_token": "made-up-', 0o600);
    expect(await said(bench, 1, ['import', 'older.json'])).toMatch(/as new or newer; nothing is changed.*--force/);
    expect(await said(bench, 1, ['import', 'nowhere.json'])).toMatch(
      /^error: \S+nowhere\.json does not exist: correct the path\n$/,
    );
    expect(await said(bench, 1, ['import', 'broken.json'])).toMatch(
      /^error: \S+broken\.json is not a token file: .*; name another file\n$/,
    );
    expect(await readFile(bench.tokenFile, 'utf8')).toBe(before);
    await said(bench, 0, ['import', 'older.json', '--force']);
    expect((await bench.tokens()).creation_timestamp).toBe(NOW - 86_400);
  });

  test('a login that cannot be refreshed does not take the place of one that can', async () => {
    await using bench = await Bench.make();
    const before = await readFile(bench.tokenFile, 'utf8');
    const { access_token } = MEMBERS;
    const bare = { creation_timestamp: LOGIN, token: { access_token, expires_at: LOGIN + 1800 } };
    await bench.write('bare.json', JSON.stringify(bare), 0o600);
    const text = await said(bench, 1, ['import', 'bare.json']);
    expect(text).toMatch(/warning: \S+bare\.json has no refresh token/);
    expect(text).toMatch(/has a login that can be refreshed, and what is imported cannot; nothing is changed/);
    expect(await readFile(bench.tokenFile, 'utf8')).toBe(before);
    await said(bench, 0, ['import', 'bare.json', '--force']);
    expect((await bench.tokens()).token).not.toHaveProperty('refresh_token');
  });

  test('a login time in the future is left out, and so keeps no true login out', async () => {
    await using bench = await Bench.make();
    const before = await readFile(bench.tokenFile, 'utf8');
    const future = NOW + 30 * 86_400;
    await bench.write('future.json', JSON.stringify({ creation_timestamp: future, token: MEMBERS }), 0o600);
    const words = /warning: \S+future\.json says that the login was in the future, on 20\d\d-.*, which is left out/;
    expect(await said(bench, 1, ['import', 'future.json'])).toMatch(words);
    expect(await readFile(bench.tokenFile, 'utf8')).toBe(before);
    const env = { SCHWAB_REFRESH_TOKEN: MEMBERS.refresh_token, SCHWAB_CREATION_TIMESTAMP: String(future) };
    expect(await said(bench, 1, ['import', 'env'], env)).toMatch(/warning: the environment says that the login was in/);
    expect(await said(bench, 0, ['import', 'future.json', '--force'])).toMatch(/the login ends at an unknown time/);
    expect(await bench.tokens()).not.toHaveProperty('creation_timestamp');
    await bench.write('true.json', sources['schwab-py'], 0o600);
    await said(bench, 0, ['import', 'true.json']);
    expect((await bench.tokens()).creation_timestamp).toBe(LOGIN);
  });

  test.each([
    [
      'broken',
      '{"token": {"refresh_token": "made-up-',
      0o600,
      1,
      /tokens\.json is not a token file.*Nothing is changed; to import over it, use --force/,
    ],
    ['open to others', undefined, 0o644, 78, /others can get at \S+tokens\.json \(mode 0644\): run chmod 600/],
  ] as const)('a token file that is %s is not silently replaced', async (_how, content, mode, code, words) => {
    await using bench = await Bench.make();
    const text = content ?? (await readFile(bench.tokenFile, 'utf8'));
    await bench.writeTokenFile(text, mode);
    await bench.write('newer.json', sources['schwab-py'], 0o600);
    expect(await said(bench, code, ['import', 'newer.json'])).toMatch(words);
    expect(await readFile(bench.tokenFile, 'utf8')).toBe(text);
    expect(await modeOf(bench.tokenFile)).toBe(mode);
    if (mode === 0o644) await said(bench, code, ['import', 'newer.json', '--force']);
    else {
      await said(bench, 0, ['import', 'newer.json', '--force']);
      expect((await bench.tokens()).creation_timestamp).toBe(LOGIN);
    }
  });

  test('what the running sender holds is what counts: with its file broken, an older login is refused', async () => {
    await using bench = await Bench.make();
    const sender = bench.sender();
    await sender.line(/started/);
    await bench.writeTokenFile('{"token":');
    const older = { creation_timestamp: NOW - 86_400, token: { ...MEMBERS, expires_at: NOW } };
    await bench.write('older.json', JSON.stringify(older), 0o600);
    expect(await said(bench, 1, ['import', 'older.json', '--force'])).toMatch(
      /would keep its own login: stop it first/,
    );
    expect(await readFile(bench.tokenFile, 'utf8')).toBe('{"token":');
    await bench.write('newer.json', sources['schwab-py'], 0o600);
    expect(await said(bench, 0, ['import', 'newer.json', '--force'])).toMatch(/running sender takes it over at once/);
    await sender.line(/Newer tokens found in .*: taken over/);
  });

  test('while the sender runs: a newer login is taken over by it at once, an older one refused', async () => {
    await using bench = await Bench.make();
    const receiver = bench.receiver();
    await receiver.line(/started/);
    const sender = bench.sender();
    await sender.line(/Token delivered/);
    await bench.write('newer.json', sources['schwab-py'], 0o600);
    expect(await said(bench, 0, ['import', 'newer.json'])).toMatch(/running sender takes it over at once/);
    await sender.line(/Newer tokens found in .*: taken over/);
    await receiver.until('the imported token', () => (receiver.count(/Token received/) === 2 ? true : undefined));
    expect((await bench.get('/v1/token/raw')).text).toBe(MEMBERS.access_token);
    const older = { creation_timestamp: NOW - 86_400, token: { ...MEMBERS, expires_at: NOW } };
    await bench.write('older.json', JSON.stringify(older), 0o600);
    expect(await said(bench, 1, ['import', 'older.json', '--force'])).toMatch(/stop it first/);
    expect((await bench.tokens()).creation_timestamp).toBe(LOGIN);
  });
});

describe('tokens export', () => {
  test.each(['schwab-py', 'schwabdev-json', 'schwabdev-db'])(
    'writes %s for its owner alone, and import reads it back',
    async (form) => {
      await using bench = await Bench.make();
      const before = await bench.tokens();
      expect(await said(bench, 0, ['export', 'out', `--as=${form}`])).toMatch(/^Exported to \S+out \(readable by you/);
      expect(await modeOf(bench.path('out'))).toBe(0o600);
      await said(bench, 0, ['clear', '--yes']);
      await said(bench, 0, ['import', 'out']);
      expect(await bench.tokens()).toEqual(before);
    },
  );

  test('the flat form has no place for the login time, and says so', async () => {
    await using bench = await Bench.make();
    expect(await said(bench, 0, ['export', 'out.json', '--as=flat'])).toMatch(/left out: creation_timestamp/);
    const { token } = await bench.tokens();
    const flat = JSON.parse(await readFile(bench.path('out.json'), 'utf8')) as Record<string, unknown>;
    expect(flat['refresh_token']).toBe(token['refresh_token']);
    expect(flat['expires_at']).toBe(new Date(Number(token['expires_at']) * 1_000).toISOString());
  });

  test('variables for a shell are what import reads from the environment', async () => {
    await using bench = await Bench.make();
    const before = await bench.tokens();
    await said(bench, 0, ['export', 'tokens.env', '--as=env']);
    expect(await modeOf(bench.path('tokens.env'))).toBe(0o600);
    const lines = (await readFile(bench.path('tokens.env'), 'utf8')).trimEnd().split('\n');
    const env = Object.fromEntries(lines.map((line) => line.split(/=(.*)/, 2) as [string, string]));
    await said(bench, 0, ['clear', '--yes']);
    await said(bench, 0, ['import', 'env'], env);
    const { creation_timestamp, token } = await bench.tokens();
    expect(creation_timestamp).toBe(before.creation_timestamp);
    for (const name of ['access_token', 'refresh_token', 'expires_at']) expect(token[name]).toBe(before.token[name]);
  });

  test.each(['schwab-py', 'flat', 'schwabdev-json', 'schwabdev-db', 'env'])(
    'as %s, a file that exists is not overwritten without --force',
    async (form) => {
      await using bench = await Bench.make();
      await bench.write('out', 'mine');
      expect(await said(bench, 1, ['export', 'out', `--as=${form}`])).toMatch(/\/out exists/);
      expect(await readFile(bench.path('out'), 'utf8')).toBe('mine');
      await said(bench, 0, ['export', 'out', `--as=${form}`, '--force']);
      expect(await readFile(bench.path('out'), 'utf8')).not.toBe('mine');
      expect(await modeOf(bench.path('out'))).toBe(0o600);
    },
  );

  test('a form that does not exist is wrong usage; with no tokens there is nothing to export', async () => {
    await using bench = await Bench.make();
    expect(await said(bench, 2, ['export', 'out', '--as=xml'])).toMatch(/--as must be one of schwab-py, flat,/);
    await said(bench, 0, ['clear', '--yes']);
    for (const command of ['export', 'backup', 'migrate']) {
      expect(await said(bench, 77, [command, 'out'])).toMatch(/no token file yet.*token-refresh-sender login/);
    }
    await expect(stat(bench.path('out'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('tokens backup, migrate and clear', () => {
  test('a backup is the token file again, private, and never over another file', async () => {
    await using bench = await Bench.make();
    await said(bench, 0, ['backup', 'backup.json']);
    expect(JSON.parse(await readFile(bench.path('backup.json'), 'utf8'))).toEqual(await bench.tokens());
    expect(await modeOf(bench.path('backup.json'))).toBe(0o600);
    expect(await said(bench, 1, ['backup', 'backup.json'])).toMatch(/backup\.json exists and is not overwritten/);
  });

  test('migrate turns the file into another form where it is, and the sender goes on with that', async () => {
    await using bench = await Bench.make();
    const before = await bench.tokens();
    await said(bench, 0, ['migrate', bench.tokenFile, '--as=schwabdev-json']);
    const { access_token, refresh_token } = before.token;
    expect(await bench.tokens()).toMatchObject({ token_dictionary: { access_token, refresh_token } });
    expect((await bench.senderCommand('refresh')).code).toBe(0);
    expect(await bench.tokens()).toHaveProperty('token_dictionary');
    await said(bench, 0, ['migrate', bench.tokenFile]);
    expect((await bench.tokens()).creation_timestamp).toBe(before.creation_timestamp);
  });

  test('migrate to another file leaves the first, and says how to use the second', async () => {
    await using bench = await Bench.make();
    const before = await readFile(bench.tokenFile, 'utf8');
    expect(await said(bench, 0, ['migrate', 'new.json', '--as=flat'])).toMatch(
      /left out: creation.*set token_file to/s,
    );
    expect(await readFile(bench.tokenFile, 'utf8')).toBe(before);
    expect(await said(bench, 1, ['migrate', 'new.json'])).toMatch(/new\.json exists and is not overwritten/);
  });

  test('clear removes the file with --yes, and without a terminal nothing else', async () => {
    await using bench = await Bench.make();
    expect(await said(bench, 2, ['clear'])).toMatch(/nobody to ask: use --yes/);
    expect(await bench.tokens()).toHaveProperty('token');
    expect(await said(bench, 0, ['clear', '--yes'])).toMatch(/schwab_tokens\.json is removed/);
    await expect(stat(bench.tokenFile)).rejects.toMatchObject({ code: 'ENOENT' });
    expect((await bench.senderCommand('refresh')).code).toBe(77);
    // Nobody is told that something was removed, or asked whether it may be.
    for (const args of [['clear', '--yes'], ['clear']]) {
      expect(await said(bench, 0, args)).toMatch(
        /^There is no token file at \S+schwab_tokens\.json: nothing is changed\.\n$/,
      );
    }
  });

  test('while the sender runs, the file is not taken from under it', async () => {
    await using bench = await Bench.make();
    const sender = bench.sender();
    await sender.line(/started/);
    const before = await readFile(bench.tokenFile, 'utf8');
    expect(await said(bench, 1, ['migrate', bench.tokenFile, '--as=flat'])).toMatch(/Stop the sender first/);
    expect(await said(bench, 1, ['clear', '--yes'])).toMatch(/Stop the sender first/);
    expect(await readFile(bench.tokenFile, 'utf8')).toBe(before);
    await said(bench, 0, ['backup', 'backup.json']);
  });
});

describe('an encrypted token file', () => {
  const KEY = '0123456789abcdef'.repeat(4);

  async function encrypted(): Promise<Bench & { on: string[]; plain: string }> {
    const bench = await Bench.make();
    await bench.write('token_file.key', `${KEY}\n`, 0o600);
    const on = ['--token-file-encryption=true', `--token-file-key=${bench.path('token_file.key')}`];
    return Object.assign(bench, { on, plain: await readFile(bench.tokenFile, 'utf8') });
  }

  /** Every token of the sandbox begins like one of these, and schwab-py's names stand beside them. */
  const CLEAR = /I0\.|access_token|refresh_token|creation_timestamp/;

  test('turned on: converted at the start, refreshed and delivered; turned off: plain again, with all in it', async () => {
    await using bench = await encrypted();
    const before = JSON.parse(bench.plain) as Awaited<ReturnType<Bench['tokens']>>;
    const receiver = bench.receiver();
    await receiver.line(/started/);
    const sender = bench.sender(...bench.on);
    await sender.line(/The token file is encrypted from now on/);
    await sender.line(/Token delivered/);
    const first = await readFile(bench.tokenFile, 'utf8');
    expect(first).not.toMatch(CLEAR);
    expect(first).not.toContain(before.token['refresh_token']);
    expect(await modeOf(bench.tokenFile)).toBe(0o600);

    expect((await bench.senderCommand('refresh', ...bench.on)).code).toBe(0);
    await receiver.until('the new token', () => (receiver.count(/Token received/) === 2 ? true : undefined));
    const second = await readFile(bench.tokenFile, 'utf8');
    expect(second).not.toBe(first);
    expect(second).not.toMatch(CLEAR);
    expect((await bench.senderCommand('check', ...bench.on)).stdout).toMatch(/ok: token file/);
    expect((await sender.stop()).code).toBe(0);

    const off = bench.sender(...bench.on.slice(1));
    await off.line(/The token file is plain from now on/);
    const after = await bench.tokens();
    expect(after.creation_timestamp).toBe(before.creation_timestamp);
    expect(after.token['refresh_token']).toBe(before.token['refresh_token']);
    expect(after.token['access_token']).toBe((await bench.get('/v1/token/raw')).text);
    expect(await modeOf(bench.tokenFile)).toBe(0o600);
  });

  test('a wrong key, none, or one that others can read: 78, and nothing is changed', async () => {
    await using bench = await encrypted();
    expect((await bench.senderCommand('refresh', ...bench.on)).code).toBe(0);
    const before = await readFile(bench.tokenFile);
    await bench.write('wrong.key', `${'f'.repeat(64)}\n`, 0o600);
    await bench.write('open.key', `${KEY}\n`, 0o644);
    await bench.write('no.key', 'a password\n', 0o600);
    const key = (name: string) => `--token-file-key=${bench.path(name)}`;
    const cases: readonly (readonly [string[], RegExp])[] = [
      [
        ['--token-file-encryption=true', key('wrong.key')],
        /is encrypted with the key [\da-f]{8}, and token_file_key is/,
      ],
      [[key('wrong.key')], /is encrypted with the key/],
      [[], /schwab_tokens\.json is encrypted: set token_file_key/],
      [['--token-file-encryption=true'], /token_file_encryption needs a key: make one with/],
      [
        ['--token-file-encryption=true', key('open.key')],
        /open\.key.*others can get at it \(mode 0644\): run chmod 600/,
      ],
      [['--token-file-encryption=true', key('no.key')], /no\.key cannot be used: it holds neither 64 hex digits/],
      [['--token-file-encryption=true', key('missing.key')], /missing\.key cannot be used: it does not exist/],
    ];
    for (const [args, words] of cases) {
      for (const command of ['run', 'refresh', 'check']) {
        const { code, stdout, stderr } = await bench.senderCommand(command, ...args);
        expect({ code, text: stdout + stderr, command }).toEqual({
          code: 78,
          text: expect.stringMatching(words) as string,
          command,
        });
        expect(stdout + stderr).not.toMatch(/this is a bug|password|0123456789abcdef/);
      }
    }
    expect(await readFile(bench.tokenFile)).toEqual(before);
    // With the right key it is all there.
    expect((await bench.senderCommand('refresh', ...bench.on)).code).toBe(0);
  });

  test("the key comes from systemd's credentials when no file is named", async () => {
    await using bench = await encrypted();
    await mkdir(bench.path('credentials'));
    // As systemd makes it: the access list shows as a group permission.
    await writeFile(bench.path('credentials/token_file_key'), Buffer.from(KEY, 'hex'), { mode: 0o440 });
    const env = { CREDENTIALS_DIRECTORY: bench.path('credentials'), TOKEN_SENDER_TOKEN_FILE_ENCRYPTION: 'true' };
    const refresh = bench.start('token-refresh-sender', ['refresh', ...bench.senderArguments()], { env });
    expect((await refresh.finished).code).toBe(0);
    expect(await readFile(bench.tokenFile, 'utf8')).not.toMatch(CLEAR);
    // The same key, as text, in a file.
    expect((await bench.senderCommand('refresh', ...bench.on)).code).toBe(0);
  });

  test('a backup is encrypted too and can be imported again; an export is plain for other programs', async () => {
    await using bench = await encrypted();
    expect((await bench.senderCommand('refresh', ...bench.on)).code).toBe(0);
    await said(bench, 0, ['backup', 'backup.json', ...bench.on]);
    expect(await readFile(bench.path('backup.json'), 'utf8')).not.toMatch(CLEAR);
    await said(bench, 0, ['export', 'plain.json', ...bench.on]);
    const plain: unknown = JSON.parse(await readFile(bench.path('plain.json'), 'utf8'));
    await said(bench, 0, ['clear', '--yes', ...bench.on]);
    await said(bench, 0, ['import', 'backup.json', ...bench.on]);
    expect(await readFile(bench.tokenFile, 'utf8')).not.toMatch(CLEAR);
    await said(bench, 0, ['migrate', 'again.json', ...bench.on]);
    expect(JSON.parse(await readFile(bench.path('again.json'), 'utf8'))).toEqual(plain);
  });
});
