/** What a stranger can plant only in the place of one kind of file; and what is no attack, and goes on working. Runs as root. */
import fs, {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openLog } from '@token-relay/daemon';
import { bindUnixSocket } from '@token-relay/socket';
import { exportTokens, fileStore, saveAtomically, TokenManager } from '@token-relay/tokens';
import { callbackCertificate } from '../../apps/sender/src/login/callback-certificate.ts';
import { SECRET, WRITERS } from './file-writers.ts';
import { demandRoot, HostileFolder, plantLink, STRANGER } from './hostile-folder.ts';

const TOKENS = {
  accessToken: 'made-up-secret-access',
  refreshToken: 'made-up-secret-refresh',
  idToken: 'made-up-secret-id',
  issuedAtMs: 1_762_983_055_000,
  loginAtMs: 1_762_983_055_000,
};

/** As if another process had done it just then: right after a folder is made. */
function afterMkdir(then: (folder: string) => void): void {
  const { mkdirSync: make } = fs;
  const put = (mkdir: unknown): void => {
    Object.assign(fs, { mkdirSync: mkdir });
    syncBuiltinESMExports();
  };
  put((folder: string, options: fs.MakeDirectoryOptions) => {
    make(folder, options);
    put(make);
    then(folder);
  });
  onTestFinished(() => put(make));
}

beforeAll(demandRoot);

describe('a stranger', () => {
  test('whose database lies where tokens are exported to is not given them, not even with --force', async () => {
    const place = new HostileFolder();
    const path = place.path('tokens.db');
    const database = new DatabaseSync(path);
    database.exec(
      'CREATE TABLE schwabdev (access_token_issued TEXT, refresh_token_issued TEXT, access_token TEXT, refresh_token TEXT, id_token TEXT, expires_in INTEGER, token_type TEXT, scope TEXT)',
    );
    database.close();
    chownSync(path, STRANGER, STRANGER);
    const exported = exportTokens(TOKENS, path, 'schwabdev-db', { overwrite: true });
    await expect(exported).rejects.toThrow(/tokens\.db belongs to user 54321, .* is not overwritten: move it/);
    expect(place.readableBy(STRANGER, SECRET)).toEqual([]);
  });

  test('who exchanges the private folder of a socket for a link does not have the access of a folder of ours changed', async () => {
    const place = new HostileFolder();
    afterMkdir((folder) => {
      renameSync(folder, `${folder}.away`);
      plantLink(place.ours, folder);
    });
    await expect(bindUnixSocket(createServer(), place.path('token.sock'), { mode: 0o660, groupId: 0 })).rejects.toThrow(
      /took its private folder away\. Choose a path/,
    );
    expect(place.isUnharmed()).toBe(true);
  });

  test('who exchanges it for a folder with a link in it does not have the access of a file of ours changed', async () => {
    const place = new HostileFolder();
    const path = place.path('token.sock');
    afterMkdir((folder) => {
      renameSync(folder, `${folder}.away`);
      mkdirSync(folder);
      chownSync(folder, STRANGER, STRANGER);
      plantLink(place.victim, join(folder, basename(path)));
    });
    await expect(bindUnixSocket(createServer(), path, { mode: 0o660, groupId: 0 })).rejects.toThrow(
      /took its private folder away\. Choose a path/,
    );
    expect(place.isUnharmed()).toBe(true);
  });

  test('whose certificate lies where the callback keeps its own is not trusted with what a browser sends', async () => {
    const path = new HostileFolder().path('.callback-certificate.pem');
    const never = (message: string): void => expect.fail(message);
    const theirs = await callbackCertificate(path, Date.now(), never);
    expect((await callbackCertificate(path, Date.now(), never)).key).toBe(theirs.key);
    chownSync(path, STRANGER, STRANGER);
    expect((await callbackCertificate(path, Date.now(), never)).key).not.toBe(theirs.key);
    expect(lstatSync(path)).toMatchObject({ uid: 0, mode: 0o100_600 });
  });

  test('who plants the next log file, before the log is rolled to it, has nothing of ours written to', async () => {
    const place = new HostileFolder();
    const said: string[] = [];
    const warned = Promise.withResolvers<undefined>();
    const { log, close } = await openLog({
      level: 'info',
      format: 'text',
      file: place.path('a.log'),
      maxSizeBytes: 200,
      keep: 3,
      journal: false,
      write: (line) => {
        said.push(line);
        if (line.includes('WARN')) warned.resolve(undefined);
      },
    });
    onTestFinished(() => close());
    log.info('x'.repeat(20));
    for (;;) {
      if (fs.existsSync(place.path('a.1.log'))) break;
      await new Promise(setImmediate);
    }
    plantLink(place.victim, place.path('a.2.log'));
    for (let line = 0; line < 5; line += 1) log.info('y'.repeat(100));
    await warned.promise;
    log.info('z'.repeat(100));
    expect(said.filter((line) => line.includes('WARN'))).toEqual([
      expect.stringMatching(/a\.log cannot be opened \(\S+a\.2\.log is a link of user 54321; remove it\)/),
    ]);
    await close();
    expect(place.isUnharmed()).toBe(true);
  });

  test('who plants a link where a strange state file is moved to has nothing of ours replaced', async () => {
    const place = new HostileFolder();
    const path = place.path('api.state.json');
    writeFileSync(path, 'strange');
    plantLink(place.victim, `${path}.old`);
    await WRITERS["the receiver's state file"]?.write(path);
    expect(place.isUnharmed()).toBe(true);
    expect(readFileSync(`${path}.old`, 'utf8')).toBe('strange');
  });
});

describe('no attack, and goes on working:', () => {
  test('a link of our own to a file or a folder is followed, and stays', async () => {
    const place = new HostileFolder();
    symlinkSync(place.ours, place.path('folder'));
    symlinkSync('folder/tokens.json', place.path('link.json'));
    await saveAtomically(place.path('link.json'), 'first');
    await saveAtomically(place.path('link.json'), 'second');
    expect(readFileSync(join(place.ours, 'tokens.json'), 'utf8')).toBe('second');
    expect(readlinkSync(place.path('link.json'))).toBe('folder/tokens.json');
  });

  test("a user's link to a file of the same user is followed by root, who runs a command for them", async () => {
    const place = new HostileFolder();
    const home = join(dirname(place.ours), 'home');
    mkdirSync(home);
    writeFileSync(join(home, 'tokens.json'), '');
    plantLink('tokens.json', join(home, 'link.json'));
    for (const path of [home, join(home, 'tokens.json')]) chownSync(path, STRANGER, STRANGER);
    await new TokenManager({ store: fileStore(join(home, 'link.json')) }).set(TOKENS);
    expect(statSync(join(home, 'tokens.json'))).toMatchObject({ uid: STRANGER, mode: 0o100_600 });
  });

  test("a service's token file stays the service's when root writes it, also in a folder of root's that the service's group may write to", async () => {
    const place = new HostileFolder();
    const path = place.path('schwab_tokens.json');
    chmodSync(dirname(path), 0o770);
    chownSync(dirname(path), 0, STRANGER);
    writeFileSync(path, '');
    chownSync(path, STRANGER, STRANGER);
    await new TokenManager({ store: fileStore(path) }).set(TOKENS);
    expect(statSync(path)).toMatchObject({ uid: STRANGER, mode: 0o100_600 });
  });
});
