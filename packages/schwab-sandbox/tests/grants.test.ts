import { describe, expect, test } from 'vitest';
import type { SandboxOptions } from '../src/index.ts';
import { startSandbox } from '../src/index.ts';
import { json, redeem, refresh } from './client.ts';
import { allow } from './login-pages.ts';

const anAnswer = {
  expires_in: 1800,
  token_type: 'Bearer',
  scope: 'api',
  refresh_token: expect.stringMatching(/^[\w-]{64,}@$/) as string,
  access_token: expect.stringMatching(/^I0\.[\w-]+@$/) as string,
  id_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string,
};

describe.each([{ tls: false }, { tls: true }])('with %j', (options) => {
  test('a login by code and a refresh are answered as Schwab does', async () => {
    await using sandbox = await startSandbox(options);
    expect(sandbox.tokenUrl.startsWith(options.tls ? 'https://127.0.0.1:' : 'http://127.0.0.1:')).toBe(true);

    const redirect = await allow(sandbox, 'some state');
    expect(redirect.href).toMatch(/^https:\/\/127\.0\.0\.1:8182\/\?code=C0\.[\w-]+%40&session=[0-9a-f-]{36}&state=/);
    expect(redirect.searchParams.get('state')).toBe('some state');

    const login = await redeem(sandbox, redirect.searchParams.get('code') ?? '');
    expect(login.status).toBe(200);
    expect(json(login)).toEqual(anAnswer);

    const refreshed = await refresh(sandbox, String(json(login)['refresh_token']));
    expect(refreshed.status).toBe(200);
    expect(json(refreshed)).toEqual(anAnswer);
    expect(json(refreshed)['refresh_token']).toBe(json(login)['refresh_token']);
    expect(json(refreshed)['access_token']).not.toBe(json(login)['access_token']);
  });
});

test('there is no state in the redirect when none was given', async () => {
  await using sandbox = await startSandbox();
  expect((await allow(sandbox)).searchParams.has('state')).toBe(false);
});

test('with rotation each refresh brings a refresh token that ends the one before', async () => {
  await using sandbox = await startSandbox({ rotateRefreshToken: true });
  const { refreshToken } = sandbox.logIn();
  const next = String(json(await refresh(sandbox, refreshToken))['refresh_token']);
  expect(next).not.toBe(refreshToken);
  expect((await refresh(sandbox, refreshToken)).status).toBe(400);
  expect((await refresh(sandbox, next)).status).toBe(200);
});

test('the same seed gives the same tokens', async () => {
  const options: Partial<SandboxOptions> = { seed: 'a seed', nowMs: () => 1_762_983_055_000 };
  await using one = await startSandbox(options);
  await using other = await startSandbox(options);
  expect(one.logIn()).toEqual(other.logIn());
  expect(one.tokenFileText()).toBe(other.tokenFileText());
  await using unseeded = await startSandbox({ nowMs: () => 1_762_983_055_000 });
  expect(unseeded.logIn()).not.toEqual(one.logIn());
});

test('the token file is in the format of schwab-py', async () => {
  await using sandbox = await startSandbox({ nowMs: () => 1_762_983_055_999, accessTokenSeconds: 60 });
  expect(() => sandbox.tokenFileText()).toThrow(expect.objectContaining({ code: 'no_login' }));
  const login = sandbox.logIn();
  expect(JSON.parse(sandbox.tokenFileText())).toEqual({
    creation_timestamp: 1_762_983_055,
    token: {
      ...anAnswer,
      expires_in: 60,
      expires_at: 1_762_983_115,
      refresh_token: login.refreshToken,
      access_token: login.accessToken,
    },
  });
});

test('a record of a request has fingerprints and no secrets', async () => {
  await using sandbox = await startSandbox();
  const { refreshToken } = sandbox.logIn();
  const reply = json(await refresh(sandbox, refreshToken));
  expect(sandbox.requests).toEqual([
    {
      number: 1,
      atMs: expect.any(Number) as number,
      grantType: 'refresh_token',
      shown: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      outcome: 'issued',
      status: 200,
      accessToken: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      refreshToken: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
    },
  ]);
  const kept = JSON.stringify(sandbox.requests);
  for (const secret of [refreshToken, String(reply['access_token']), sandbox.credentials.appSecret]) {
    expect(kept).not.toContain(secret);
  }
});
