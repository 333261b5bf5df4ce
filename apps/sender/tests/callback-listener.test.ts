import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { callbackCertificate } from '../src/login/callback-certificate.ts';
import { loginRig } from './login-rig.ts';
import { redirectAfterLogin, visit } from './stand-in-browser.ts';
import { temporaryFolder } from './temporary-folder.ts';

const DAY = 86_400_000;
const noProblem = (message: string) => {
  throw new Error(message);
};

test('a port that is taken is told of, and the address can still be pasted', async () => {
  const { start, callbackUrl } = await loginRig();
  const other = createServer().listen(Number(new URL(callbackUrl).port), '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const attempt = await start();
  expect(attempt.listening).toBeUndefined();
  expect(attempt.notListening).toMatchObject({ code: 'callback_port_taken' });
  attempt.paste(await redirectAfterLogin(attempt.authorizeUrl));
  expect((await attempt.result).kind).toBe('logged_in');
});

test('a callback of another machine is not listened for, and the address can still be pasted', async () => {
  const { start } = await loginRig();
  const attempt = await start({ app: { appKey: 'k', appSecret: 's', callbackUrl: 'https://example.com/back' } });
  expect(attempt.notListening).toMatchObject({ code: 'callback_not_loopback' });
});

test('the callback answers nothing but redirects and their pages', async () => {
  const { start, callbackUrl, sandbox } = await loginRig();
  const attempt = await start();
  for (const path of [
    '/',
    '/favicon.ico',
    '/done/',
    '/done/AAAAAAAAAAAAAAAA',
    '/other?code=a%40',
    '/?session=a',
    '//',
  ]) {
    expect((await visit(`${callbackUrl}${path}`)).status).toBe(404);
  }
  const redirect = await redirectAfterLogin(attempt.authorizeUrl);
  const { port } = new URL(callbackUrl);
  expect((await visit(redirect, { headers: { Host: `attacker.example:${port}` } })).status).toBe(404);
  for (const method of ['POST', 'HEAD', 'OPTIONS']) expect((await visit(redirect, { method })).status).toBe(405);
  expect((await visit(callbackUrl, { headers: { 'X-A': 'a'.repeat(20_000) } })).status).toBe(431);
  expect(attempt.phase.kind).toBe('waiting');
  expect(sandbox.requests).toHaveLength(0);
});

test('the certificate is kept beside the token file for its owner alone, used again, and good for this machine', async () => {
  const { start, folder, callbackUrl } = await loginRig();
  const file = join(folder, 'certificate.pem');
  const first = await start();
  const pem = await readFile(file, 'utf8');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const ca = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))).toString();
  expect((await visit(callbackUrl, { rejectUnauthorized: true, ca })).status).toBe(404);
  first.cancel();
  await first.closed();
  await start();
  expect((await visit(callbackUrl, { rejectUnauthorized: true, ca })).status).toBe(404);
  expect(await readFile(file, 'utf8')).toBe(pem);
});

test.each([
  ['it has 30 days left', () => Promise.resolve(), 825 * DAY - 30 * DAY],
  ['others can read its key', (file: string) => chmod(file, 0o644), 0],
  ['it is broken', (file: string) => writeFile(file, 'no certificate'), 0],
  ['it is not valid yet, because the clock was set back', () => Promise.resolve(), -2 * DAY],
])('a new certificate takes the place of the old one when %s', async (_why, spoil, laterMs) => {
  const file = join(temporaryFolder(), 'certificate.pem');
  const nowMs = Date.now();
  const first = await callbackCertificate(file, nowMs, noProblem);
  expect(await callbackCertificate(file, nowMs, noProblem)).toEqual(first);
  await spoil(file);
  const second = await callbackCertificate(file, nowMs + laterMs, noProblem);
  expect(second.cert).not.toBe(first.cert);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await callbackCertificate(file, nowMs + laterMs, noProblem)).toEqual(second);
});

test('a certificate that cannot be kept works all the same', async () => {
  const folder = temporaryFolder();
  await mkdir(join(folder, 'certificate.pem'));
  const problems: string[] = [];
  const { cert } = await callbackCertificate(join(folder, 'certificate.pem'), Date.now(), (text) =>
    problems.push(text),
  );
  expect(new X509Certificate(cert).subjectAltName).toContain('IP Address:127.0.0.1');
  expect(problems).toHaveLength(1);
});
