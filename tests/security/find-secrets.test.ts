/** The check at the end of npm test finds what it is there to find. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { judgeRecord } from '../../scripts/secrets-in-logs.ts';
import { formsOf, SecretFinder } from '../record/find-secrets.ts';
import { secretsIn } from '../record/record.ts';
import { RECORDED_RINGS } from '../record/rings.ts';
import config from '../../vitest.config.ts';

const SECRET = 'I0.made up/“secret”+for=this~test@';

function recordOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'record-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
const kept = (...secrets: string[]) => secrets.map((secret) => `${JSON.stringify(secret)}\n`).join('');

describe('a secret is found', () => {
  test.each([
    ['as it is', SECRET],
    ['as JSON writes it', JSON.stringify({ a: SECRET })],
    ['as a URL writes it', `https://made-up.example/?code=${encodeURIComponent(SECRET)}`],
    ['as a form writes it', new URLSearchParams({ code: SECRET }).toString()],
    ['in hex', Buffer.from(SECRET).toString('hex')],
    ['in hex, in capitals', Buffer.from(SECRET).toString('hex').toUpperCase()],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    [
      'in the Basic header of an app',
      `Authorization: Basic ${Buffer.from(`made-up-key:${SECRET}`).toString('base64')}`,
    ],
    ['in base64 among others', Buffer.from(`{"token":"${SECRET}","more":1}`).toString('base64')],
  ])('%s', (_how, line) => {
    const [finding] = new SecretFinder([SECRET]).findings(`nothing\n${line}\nnothing`);
    expect(finding).toMatchObject({ line: 2 });
    expect(finding?.masked).toContain('*****');
    for (const [, text] of formsOf(SECRET)) expect(finding?.masked).not.toContain(text);
  });

  test('wherever it stands, whatever it is made of', () => {
    const printable = fc.string({
      minLength: 10,
      unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
    });
    fc.assert(
      fc.property(printable, fc.string(), fc.string(), (secret, before, after) => {
        const finder = new SecretFinder([secret]);
        expect(finder.lookAt(before + secret + after)).toBeDefined();
        expect(finder.lookAt(Buffer.from(before + secret + after).toString('base64'))).toBeDefined();
      }),
    );
  });
});

test('a fingerprint, half a secret and other words are not', () => {
  const finder = new SecretFinder([SECRET, 'short', 'made-up-token-of-a-test']);
  expect(finder.count).toBe(2);
  expect(finder.findings(`1a2b3c4d short made-up-token-of-a\n${SECRET.slice(0, 12)}`)).toEqual([]);
});

test('the run fails by file and line, the secret masked; and without a secret, or without a line', () => {
  const secrets = kept('made-up-secret', 'other-secret');
  const good = recordOf({ 'secrets-a.1.0': secrets, 'output-a-x.1.0': 'said\nthis\n' });
  expect(judgeRecord(good, ['a'])).toEqual({
    ok: true,
    lines: ['Looked for 2 secrets in 2 lines of 2 files: 0 found'],
  });

  const bad = recordOf({ 'secrets-a.1.0': secrets, 'output-a-x.1.0': 'said\nthis\nand other-secret\n' });
  expect(judgeRecord(bad, ['a'])).toEqual({
    ok: false,
    lines: [
      `${join(bad, 'output-a-x.1.0')}:3: a secret (as it is) in: and *****`,
      'Looked for 2 secrets in 3 lines of 2 files: 1 found',
    ],
  });
  expect(judgeRecord(recordOf({ 'output-a-x.1.0': 'said\n' }), []).ok).toBe(false);
  expect(judgeRecord(recordOf({ 'secrets-a.1.0': secrets }), []).ok).toBe(false);
});

test('the run fails for a ring of tests that has stopped to record', () => {
  const all = recordOf({
    'secrets-a.1.0': kept('made-up-secret'),
    'output-a-x.1.0': 'said\n',
    'output-b-x.1.0': 'said\n',
  });
  expect(judgeRecord(all, ['a']).ok).toBe(true);
  expect(judgeRecord(all, ['a', 'b'])).toMatchObject({
    ok: false,
    lines: ['b: no secret is recorded of these tests', expect.anything()],
  });
  expect(judgeRecord(all, ['c']).lines).toContain('c: nothing that was said is recorded of these tests');
  writeFileSync(join(all, 'not-run-b.1.0'), '');
  expect(judgeRecord(all, ['a', 'b']).ok).toBe(true);
});

test('each ring of tests is recorded, but for those that start no daemon', () => {
  const rings = (config.test?.projects ?? []).map((project) => (project as { test: { name: string } }).test.name);
  expect(rings.filter((ring) => !RECORDED_RINGS.includes(ring))).toEqual(['unit', 'simulation', 'packaging']);
  expect(RECORDED_RINGS.filter((ring) => !rings.includes(ring))).toEqual([]);
});

test('what a daemon reads is searched for what is secret in it', () => {
  expect(secretsIn('{"token": {"access_token": "a\\"b", "refresh_token":"r", "expires_at": 1}}')).toEqual(['a"b', 'r']);
  expect(secretsIn('app_key: k\napp_secret: "made-up"\n')).toEqual(['made-up']);
  expect(secretsIn('bare-made-up-token\n')).toEqual(['bare-made-up-token']);
  expect(secretsIn('GET /v1/token/raw HTTP/1.1\r\n\r\n')).toEqual([]);
});
