/** A clock that is set back must not make what is in the file look newer than what came since. */
import { expect, test } from 'vitest';
import { TokenError } from './errors.ts';
import { HeldTokens } from './held-tokens.ts';
import type { TokenSet } from './token-set.ts';
import { memoryStore } from './token-stores.ts';

const HOUR = 3_600_000;
const before: TokenSet = { accessToken: 'a1', refreshToken: 'r1', loginAtMs: 10 * HOUR, expiresAtMs: 20 * HOUR };

test('what could not be replaced yet is no news, though the clock was set back and it seems to expire later', async () => {
  const memory = memoryStore(before);
  const write = () => Promise.reject(new TokenError('token_save_failed', 'no space left'));
  const tokens = new HeldTokens({ ...memory, write }, { nowMs: () => 13 * HOUR, bootMs: () => 0 });
  await tokens.load();
  const rotated = { ...before, accessToken: 'a2', refreshToken: 'r2', expiresAtMs: 13.5 * HOUR };
  await expect(tokens.keep(rotated)).rejects.toMatchObject({ code: 'token_save_failed' });
  expect(await tokens.adopt()).toBe('older');
  expect(tokens.get()).toBe(rotated);
});

test('a login does not become one of the future because the clock was set back, and an older one in the file does not displace it', async () => {
  let nowMs = 11 * HOUR;
  const store = memoryStore(before);
  const tokens = new HeldTokens(store, { nowMs: () => nowMs, bootMs: () => 0 });
  await tokens.load();
  nowMs = 9 * HOUR;
  await store.write({ accessToken: 'a0', refreshToken: 'r0', loginAtMs: 8 * HOUR, expiresAtMs: 8.5 * HOUR });
  expect(await tokens.adopt()).toBe('older');
  await tokens.keep({ ...before, accessToken: 'a2' });
  expect((await store.read())?.accessToken).toBe('a2');
});

test('a login that was made on a clock days ahead gives way to one that is made after the clock was put right', async () => {
  const ahead = { ...before, loginAtMs: 82 * HOUR, expiresAtMs: 82.5 * HOUR };
  const at = { nowMs: 82 * HOUR, bootMs: 0 };
  const store = memoryStore(ahead);
  const tokens = new HeldTokens(store, { nowMs: () => at.nowMs, bootMs: () => at.bootMs });
  await tokens.load();
  at.bootMs = 2 * HOUR;
  at.nowMs = 12 * HOUR;
  expect(await tokens.adopt()).toBe('unchanged');
  await tokens.keep({ ...ahead, accessToken: 'a2' });
  at.bootMs += HOUR;
  at.nowMs += HOUR;
  const newer: TokenSet = { accessToken: 'b1', refreshToken: 'r2', loginAtMs: 12.5 * HOUR, expiresAtMs: 13 * HOUR };
  await store.write(newer);
  await expect(tokens.keep({ ...ahead, accessToken: 'a3' })).rejects.toMatchObject({ code: 'newer_login_on_disk' });
  expect(await tokens.adopt()).toBe('adopted');
  expect(tokens.get()).toMatchObject(newer);
});

test('what a host of a cluster makes is the next one of its login, and a new login begins anew', async () => {
  const marked = { ...before, origin: { host: 'there', revision: 4 } };
  const tokens = new HeldTokens(memoryStore(marked), { nowMs: () => 11 * HOUR, bootMs: () => 0 }, 'here');
  await tokens.load();
  await tokens.keep({ ...marked, accessToken: 'a2' });
  expect(tokens.get()?.origin).toEqual({ host: 'here', revision: 5 });
  await tokens.keep({ ...marked, accessToken: 'a3', refreshToken: 'r3', loginAtMs: 10.5 * HOUR });
  expect(tokens.get()?.origin).toEqual({ host: 'here', revision: 1 });
});

test('what follows on a set whose mark another program has dropped has none: marked 1, it would lose against every older one', async () => {
  const tokens = new HeldTokens(memoryStore(before), { nowMs: () => 11 * HOUR, bootMs: () => 0 }, 'here');
  await tokens.load();
  await tokens.keep({ ...before, accessToken: 'a2' });
  expect(tokens.get()).toMatchObject({ accessToken: 'a2' });
  expect(tokens.get()).not.toHaveProperty('origin');
  await tokens.take({ ...before, accessToken: 'a2', origin: { host: 'here', revision: 5 } });
  await tokens.keep({ ...before, accessToken: 'a3' });
  expect(tokens.get()?.origin).toEqual({ host: 'here', revision: 6 });
});
