import { expect, test } from 'vitest';
import { startSandbox } from '../src/index.ts';
import { json, redeem, refresh } from './client.ts';
import { allow } from './login-pages.ts';

const weekMs = 7 * 24 * 3600 * 1000;

test('a login ends seven days after it began, however often it was refreshed', async () => {
  let nowMs = 1_762_983_055_000;
  await using sandbox = await startSandbox({ nowMs: () => nowMs });
  const { refreshToken } = sandbox.logIn();
  nowMs += weekMs / 2;
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
  nowMs += weekMs / 2 - 1;
  expect((await refresh(sandbox, refreshToken)).status).toBe(200);
  nowMs += 1;
  const reply = await refresh(sandbox, refreshToken);
  expect(reply.status).toBe(400);
  expect(json(reply)['error']).toBe('unsupported_token_type');
  expect(json(reply)['error_description']).toContain('refresh_token_authentication_error');
  expect(sandbox.requests.at(-1)?.outcome).toBe('refresh_token_expired');
});

test('a rotated refresh token ends with its login too', async () => {
  let nowMs = 0;
  await using sandbox = await startSandbox({ nowMs: () => nowMs, refreshTokenSeconds: 10, rotateRefreshToken: true });
  const { refreshToken } = sandbox.logIn();
  nowMs = 9000;
  const next = String(json(await refresh(sandbox, refreshToken))['refresh_token']);
  nowMs = 10_000;
  expect((await refresh(sandbox, next)).status).toBe(400);
});

test('both lifetimes are settable', async () => {
  let nowMs = 0;
  await using sandbox = await startSandbox({ nowMs: () => nowMs, accessTokenSeconds: 5, refreshTokenSeconds: 2 });
  const login = sandbox.logIn();
  expect(login.expiresIn).toBe(5);
  expect(json(await refresh(sandbox, login.refreshToken))['expires_in']).toBe(5);
  nowMs = 2000;
  expect((await refresh(sandbox, login.refreshToken)).status).toBe(400);
});

test('a new login ends the earlier refresh token at once', async () => {
  await using sandbox = await startSandbox();
  const earlier = sandbox.logIn();
  const code = (await allow(sandbox)).searchParams.get('code') ?? '';
  expect((await refresh(sandbox, earlier.refreshToken)).status).toBe(200);
  const byCode = json(await redeem(sandbox, code));
  expect((await refresh(sandbox, earlier.refreshToken)).status).toBe(400);
  expect((await refresh(sandbox, String(byCode['refresh_token']))).status).toBe(200);

  sandbox.logIn();
  expect((await refresh(sandbox, String(byCode['refresh_token']))).status).toBe(400);
});

test('a revoked refresh token is refused, and the next login works', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  sandbox.revoke();
  const reply = await refresh(sandbox, refreshToken);
  expect(json(reply)['error_description']).toContain('Refresh token is invalid, expired or revoked');
  expect(sandbox.requests.at(-1)?.outcome).toBe('refresh_token_ended');
  expect((await refresh(sandbox, sandbox.logIn().refreshToken)).status).toBe(200);
});

test('a restarted sandbox goes on with the login in a token file, and with its week', async () => {
  let nowMs = 1_762_983_055_000;
  await using first = await startSandbox({ nowMs: () => nowMs });
  const { refreshToken } = first.logIn();
  await using second = await startSandbox({ nowMs: () => nowMs });
  expect((await refresh(second, refreshToken)).status).toBe(400);
  second.adoptLogin(first.tokenFileText());
  expect((await refresh(second, refreshToken)).status).toBe(200);
  nowMs += weekMs;
  expect((await refresh(second, refreshToken)).status).toBe(400);
});

test.each([
  '',
  '{}',
  '{"creation_timestamp":"x","token":{"refresh_token":"r"}}',
  '{"creation_timestamp":1,"token":{}}',
])('the token file %s is refused', async (text) => {
  await using sandbox = await startSandbox();
  expect(() => sandbox.adoptLogin(text)).toThrow(expect.objectContaining({ code: 'bad_token_file' }));
});
