import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { readCertificates, readTlsMaterial, type TlsFiles, TlsMaterialError } from '../src/index.ts';
import { Certificates, EXPIRED } from './certificates.ts';

const files = new Certificates();
const paths = (name: string, ca = 'ca'): TlsFiles => ({
  cert: files.path(`${name}.crt`),
  key: files.path(`${name}.key`),
  ca: files.path(`${ca}.crt`),
});

beforeAll(() => {
  files.authority('ca');
  files.certificate('bot', 'ca');
  files.certificate('other', 'ca');
  files.certificate('expired', 'ca', { dates: EXPIRED });
}, 60_000);

async function problem(given: TlsFiles, options?: Parameters<typeof readTlsMaterial>[1]): Promise<TlsMaterialError> {
  const error: unknown = await readTlsMaterial(given, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TlsMaterialError);
  expect(String(error)).not.toContain('BEGIN');
  return error as TlsMaterialError;
}

describe('readTlsMaterial', () => {
  test('gives the texts of the files, and the names', async () => {
    expect(await readTlsMaterial({ ...paths('bot'), clients: ['a', 'b'] })).toEqual({
      cert: files.read('bot.crt'),
      key: files.read('bot.key'),
      ca: files.read('ca.crt'),
      clients: ['a', 'b'],
    });
    expect(await readTlsMaterial(paths('bot'))).not.toHaveProperty('clients');
  });

  test('takes RSA keys, several authorities, and what people write around the blocks', async () => {
    const rsa = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'rsa.key',
      '-out',
      'rsa.crt',
      '-subj',
      '/CN=rsa',
    ];
    execFileSync('openssl', rsa, { cwd: files.folder, stdio: 'ignore' });
    writeFileSync(files.path('many.crt'), `ours:\n${files.read('expired.crt')}\ntheirs:\n${files.read('ca.crt')}`);
    const material = await readTlsMaterial(paths('rsa', 'many'));
    expect(material.ca).toBe(files.read('many.crt'));
  });

  test.each(['cert', 'key', 'ca'] as const)('names a file that is missing: %s', async (which) => {
    const path = files.path('missing.pem');
    const error = await problem({ ...paths('bot'), [which]: path });
    expect(error).toMatchObject({ code: 'file_missing', file: path });
    expect(error.message).toContain(path);
  });

  test.each(['cert', 'key', 'ca'] as const)('names one that is not PEM: %s', async (which) => {
    const path = files.path(`${which}-garbage.pem`);
    for (const text of ['', 'made-up-secret', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      writeFileSync(path, text, { mode: 0o600 });
      const error = await problem({ ...paths('bot'), [which]: path });
      expect(error).toMatchObject({ code: 'not_pem', file: path });
      expect(error.message).toContain(path);
      expect(error.message).not.toContain('made-up-secret');
    }
  });

  test('names the files when the two were mixed up', async () => {
    const { cert, key } = paths('bot');
    expect(await problem({ ...paths('bot'), cert: key })).toMatchObject({ code: 'not_pem', file: key });
    chmodSync(cert, 0o600);
    expect(await problem({ ...paths('bot'), key: cert })).toMatchObject({ code: 'not_pem', file: cert });
  });

  test('says so when the key has a passphrase', async () => {
    const locked = ['ec', '-in', 'bot.key', '-aes256', '-passout', 'pass:made-up', '-out', 'locked.key'];
    execFileSync('openssl', locked, { cwd: files.folder, stdio: 'ignore' });
    const error = await problem({ ...paths('bot'), key: files.path('locked.key') });
    expect(error).toMatchObject({ code: 'not_pem', message: expect.stringContaining('passphrase') as string });
  });

  test.each([0o640, 0o604, 0o620, 0o644])(
    'refuses a key that others can get at (%o), and says what to do',
    async (mode) => {
      const key = files.path('open.key');
      copyFileSync(files.path('bot.key'), key);
      chmodSync(key, mode);
      const error = await problem({ ...paths('bot'), key });
      expect(error).toMatchObject({ code: 'key_too_open', file: key });
      expect(error.message).toContain(`run chmod 600 ${key}`);
      expect(error.message).toContain(`0${mode.toString(8)}`);
    },
  );

  test('does not mind the mode that systemd gives a credential', async () => {
    const folder = files.path('credentials');
    mkdirSync(folder);
    const key = `${folder}/bot.key`;
    copyFileSync(files.path('bot.key'), key);
    chmodSync(key, 0o440);
    await readTlsMaterial({ ...paths('bot'), key }, { credentialsDirectory: folder });
    expect(await problem({ ...paths('bot'), key }, { credentialsDirectory: `${folder}-2` })).toMatchObject({
      code: 'key_too_open',
    });
  });

  test('names the key when it is not that of the certificate', async () => {
    const { key } = paths('other');
    const error = await problem({ ...paths('bot'), key });
    expect(error).toMatchObject({ code: 'key_mismatch', file: key });
    expect(error.message).toContain(paths('bot').cert);
  });

  test('names the day on which the certificate expired, also that of the authority', async () => {
    const error = await problem(paths('expired'));
    expect(error).toMatchObject({ code: 'certificate_expired', file: files.path('expired.crt') });
    expect(error.message).toContain('2020-02-02');
    await readTlsMaterial(paths('expired'), { nowMs: Date.UTC(2020, 1, 1) });
    expect(await problem(paths('bot', 'expired'))).toMatchObject({
      code: 'certificate_expired',
      file: files.path('expired.crt'),
    });
  });

  test('reads through links, and neither folders nor pipes nor what is too large', async () => {
    symlinkSync(files.path('bot.key'), files.path('link.key'));
    await readTlsMaterial({ ...paths('bot'), key: files.path('link.key') });
    expect(await problem({ ...paths('bot'), key: files.folder })).toMatchObject({ code: 'file_unreadable' });
    execFileSync('mkfifo', [files.path('pipe')]);
    expect(await problem({ ...paths('bot'), ca: files.path('pipe') })).toMatchObject({ code: 'file_unreadable' });
    writeFileSync(files.path('large'), '');
    truncateSync(files.path('large'), 1024 ** 2 + 1);
    expect(await problem({ ...paths('bot'), ca: files.path('large') })).toMatchObject({ code: 'file_unreadable' });
  });

  test('says so when this user may not read a file', async () => {
    const key = files.path('denied.key');
    copyFileSync(files.path('bot.key'), key);
    chmodSync(files.folder, 0o755);
    await asOrdinaryUser([key], async () => {
      chmodSync(key, 0);
      expect(await problem({ ...paths('other'), key })).toMatchObject({ code: 'file_unreadable', file: key });
    });
  });
});

test('readCertificates gives authorities alone, also expired ones, and names a file that has none', async () => {
  expect(await readCertificates(files.path('expired.crt'))).toBe(files.read('expired.crt'));
  const key = files.path('bot.key');
  await expect(readCertificates(key)).rejects.toMatchObject({ code: 'not_pem', file: key });
});
