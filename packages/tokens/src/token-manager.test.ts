import { describe, expect, test, vi } from 'vitest';
import { TokenError } from './errors.ts';
import type { RefreshedTokens } from './refreshed.ts';
import { TokenManager, type TokenManagerOptions } from './token-manager.ts';
import type { TokenSet } from './token-set.ts';
import { memoryStore, type TokenStore } from './token-stores.ts';

const NOW_MS = 1_762_983_055_000;
const MINUTE_MS = 60_000;
const LOGIN_MS = NOW_MS - 86_400_000;
const expiringIn = (minutes: number): TokenSet => ({
  accessToken: 'old',
  refreshToken: 'r1',
  loginAtMs: LOGIN_MS,
  expiresAtMs: NOW_MS + minutes * MINUTE_MS,
});
const answer: RefreshedTokens = { accessToken: 'new', expiresInSeconds: 1800 };

async function managerOf(
  tokenSet: TokenSet | undefined,
  options: Partial<TokenManagerOptions> = {},
): Promise<TokenManager> {
  const manager = new TokenManager({ store: memoryStore(tokenSet), nowMs: () => NOW_MS, ...options });
  await manager.load();
  return manager;
}

/** A store whose writes fail for as long as `isFull`. */
function fillableStore(initial?: TokenSet): TokenStore & { isFull: boolean } {
  const memory = memoryStore(initial);
  const store = {
    ...memory,
    isFull: false,
    write: (tokenSet: TokenSet) =>
      store.isFull ? Promise.reject(new TokenError('token_save_failed', 'no space left')) : memory.write(tokenSet),
  };
  return store;
}

describe('expiry', () => {
  test.each([
    [16, false, false],
    [15, false, true],
    [6, false, true],
    [5, true, true],
    [-1, true, true],
  ])('with %d minutes left: expired %s, to be refreshed %s', async (minutes, expired, due) => {
    const manager = await managerOf(expiringIn(minutes));
    expect([manager.isExpired(), manager.needsRefresh()]).toEqual([expired, due]);
  });

  test('both buffers can be set', async () => {
    const manager = await managerOf(expiringIn(1), { expiryBufferMs: 59_999, refreshBufferMs: 60_000 });
    expect([manager.isExpired(), manager.needsRefresh()]).toEqual([false, true]);
  });
});

describe('set and get', () => {
  test('the whole set or each token, saved each time', async () => {
    const store = memoryStore();
    const manager = await managerOf(undefined, { store });
    await manager.set({ accessToken: 'a', refreshToken: 'r', loginAtMs: LOGIN_MS });
    await manager.setAccessToken('b', NOW_MS);
    await manager.setRefreshToken('s');
    expect([manager.getAccessToken(), manager.getRefreshToken(), manager.isSaved()]).toEqual(['b', 's', true]);
    expect(await store.read()).toEqual({
      accessToken: 'b',
      refreshToken: 's',
      expiresAtMs: NOW_MS,
      loginAtMs: LOGIN_MS,
    });
  });

  test('changes at the same time all happen', async () => {
    const manager = await managerOf(undefined);
    await Promise.all([manager.setAccessToken('a'), manager.setRefreshToken('r')]);
    expect(manager.get()).toEqual({ accessToken: 'a', refreshToken: 'r' });
  });

  test('a token that cannot be one is refused and nothing changes', async () => {
    const manager = await managerOf(expiringIn(30));
    await expect(manager.setAccessToken('two\nlines')).rejects.toMatchObject({ code: 'token_invalid' });
    expect(manager.getAccessToken()).toBe('old');
  });

  test('clear forgets the set and empties the store', async () => {
    const store = memoryStore(expiringIn(30));
    const manager = await managerOf(undefined, { store });
    await manager.clear();
    expect([manager.get(), manager.isSaved(), await store.read()]).toEqual([undefined, true, undefined]);
    await expect(manager.getValidAccessToken()).rejects.toMatchObject({ code: 'token_not_found' });
  });
});

describe('a valid access token', () => {
  test('one refresh serves a hundred callers at the same time', async () => {
    const refresh = vi.fn(() => Promise.resolve(answer));
    const manager = await managerOf(expiringIn(1), { refresh });
    const tokens = await Promise.all(
      Array.from({ length: 100 }, (_, caller) =>
        caller % 2 === 0 ? manager.getValidAccessToken() : manager.ensureValidTokens().then((set) => set.accessToken),
      ),
    );
    expect(new Set(tokens)).toEqual(new Set(['new']));
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  test('a refresh that fails is tried once for a hundred callers, and fails them all', async () => {
    const refresh = vi.fn(() => Promise.reject(new Error('down')));
    const manager = await managerOf(expiringIn(-1), { refresh });
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => manager.getValidAccessToken()));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(100);
    expect(refresh).toHaveBeenCalledTimes(1);
  });

  test('a fresh one is returned without a refresh', async () => {
    const refresh = vi.fn(() => Promise.resolve(answer));
    expect(await (await managerOf(expiringIn(16), { refresh })).getValidAccessToken()).toBe('old');
    expect(refresh).not.toHaveBeenCalled();
  });

  test('one whose refresh failed is returned until it truly expires', async () => {
    let nowMs = NOW_MS;
    const refresh = (): Promise<RefreshedTokens> => Promise.reject(new Error('the request had SECRET in it'));
    const manager = await managerOf(expiringIn(1), { refresh, nowMs: () => nowMs });
    nowMs += MINUTE_MS - 1;
    expect(await manager.getValidAccessToken()).toBe('old');
    nowMs += 1;
    const error = await manager.getValidAccessToken().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'token_expired', retryable: false });
    expect((error as Error).message).not.toContain('SECRET');
    expect((error as Error).cause).toBeUndefined();
  });

  test.each([
    ['token_expired', 'expired, without a function to refresh with', expiringIn(-1)],
    ['token_expired', 'of unknown expiry', { accessToken: 'a' }],
    ['token_not_found', 'missing, with only a refresh token', { refreshToken: 'r' }],
    ['token_not_found', 'missing altogether', undefined],
  ])('%s when it is %s', async (code, _when, tokenSet) => {
    await expect((await managerOf(tokenSet)).getValidAccessToken()).rejects.toMatchObject({ code });
  });

  test('the store is read first, where another program may have refreshed', async () => {
    const store = memoryStore(expiringIn(1));
    const refresh = vi.fn(() => Promise.resolve(answer));
    const manager = await managerOf(undefined, { store, refresh });
    await store.write({ ...expiringIn(30), accessToken: 'theirs' });
    expect(await manager.getValidAccessToken()).toBe('theirs');
    expect(refresh).not.toHaveBeenCalled();
  });
});

describe('refreshNow', () => {
  test('is one refresh for all who ask while it runs, and a new one afterwards', async () => {
    const refresh = vi.fn(() => Promise.resolve(answer));
    const manager = await managerOf(expiringIn(1), { refresh });
    const results = await Promise.all([manager.refreshNow(), manager.refreshNow(), manager.getValidAccessToken()]);
    expect(results[0]).toBe(results[1]);
    expect(refresh).toHaveBeenCalledTimes(1);
    await manager.refreshNow();
    expect(refresh).toHaveBeenCalledTimes(2);
  });

  test('refreshes whatever the age, and The login time never moves on a refresh', async () => {
    const manager = await managerOf(expiringIn(29), { refresh: () => Promise.resolve(answer) });
    const result = await manager.refreshNow();
    expect(result).toMatchObject({
      status: 'refreshed',
      tokenSet: { accessToken: 'new', refreshToken: 'r1', loginAtMs: LOGIN_MS },
    });
    expect(manager.get()).toBe(result.tokenSet);
  });

  test('rejects with what the refresh function rejected with, and can be tried again', async () => {
    const failure = new Error('down');
    const refresh = vi.fn(() => Promise.resolve(answer)).mockRejectedValueOnce(failure);
    const manager = await managerOf(expiringIn(1), { refresh });
    await expect(manager.refreshNow()).rejects.toBe(failure);
    expect((await manager.refreshNow()).status).toBe('refreshed');
  });

  test.each([
    ['login_required', { accessToken: 'a' }, () => Promise.resolve(answer)],
    ['refresh_unavailable', { refreshToken: 'r' }, undefined],
    ['token_invalid', { refreshToken: 'r' }, () => Promise.resolve({ ...answer, accessToken: '' })],
  ])('rejects with %s', async (code, tokenSet, refresh) => {
    await expect((await managerOf(tokenSet, refresh && { refresh })).refreshNow()).rejects.toMatchObject({ code });
  });

  test('an answer that comes after a new login was set is dropped', async () => {
    const asked = Promise.withResolvers<RefreshedTokens>();
    const manager = await managerOf(expiringIn(1), { refresh: () => asked.promise });
    const refreshing = manager.refreshNow();
    const login = { accessToken: 'login', refreshToken: 'r2', loginAtMs: NOW_MS, expiresAtMs: NOW_MS + 30 * MINUTE_MS };
    await manager.set(login);
    asked.resolve(answer);
    expect(await refreshing).toEqual({ status: 'superseded', tokenSet: login });
    expect(manager.getAccessToken()).toBe('login');
  });

  test('an answer that comes after clear does not bring the set back', async () => {
    const asked = Promise.withResolvers<RefreshedTokens>();
    const manager = await managerOf(expiringIn(1), { refresh: () => asked.promise });
    const refreshing = manager.refreshNow();
    await manager.clear();
    asked.resolve(answer);
    expect(await refreshing).toEqual({ status: 'superseded', tokenSet: undefined });
    expect(manager.get()).toBeUndefined();
  });

  test('an answer is not lost because the store was read meanwhile', async () => {
    const asked = Promise.withResolvers<RefreshedTokens>();
    const store = memoryStore(expiringIn(1));
    const manager = await managerOf(undefined, { store, refresh: () => asked.promise });
    const refreshing = manager.refreshNow();
    await store.write({ ...expiringIn(2), accessToken: 'theirs' });
    expect(await manager.adoptIfNewer()).toBe('adopted');
    asked.resolve(answer);
    expect(await refreshing).toMatchObject({ status: 'refreshed', tokenSet: { accessToken: 'new' } });
  });

  test('an answer that comes after someone else logged in leaves the store alone, and that login is adopted', async () => {
    const store = memoryStore(expiringIn(1));
    const manager = await managerOf(undefined, { store, refresh: () => Promise.resolve(answer) });
    const login = { accessToken: 'login', refreshToken: 'r2', loginAtMs: NOW_MS };
    await store.write(login);
    expect(await manager.refreshNow()).toEqual({ status: 'superseded', tokenSet: login });
    expect(await store.read()).toEqual(login);
  });
});

describe('saving', () => {
  test('Saved before published: nobody sees a refreshed token until it is stored', async () => {
    const memory = memoryStore(expiringIn(1));
    const seenDuringSave: (string | undefined)[] = [];
    const store: TokenStore = {
      ...memory,
      write: async (tokenSet) => {
        seenDuringSave.push(manager.getAccessToken());
        await memory.write(tokenSet);
      },
    };
    const manager = await managerOf(undefined, { store, refresh: () => Promise.resolve(answer) });
    await manager.refreshNow();
    expect(seenDuringSave).toEqual(['old']);
    expect([manager.getAccessToken(), (await memory.read())?.accessToken]).toEqual(['new', 'new']);
  });

  test('a save that fails does not hold back the token, and can be made up for', async () => {
    const store = fillableStore(expiringIn(1));
    const manager = await managerOf(undefined, { store, refresh: () => Promise.resolve(answer) });
    store.isFull = true;
    expect(await manager.refreshNow()).toMatchObject({
      status: 'refreshed_not_saved',
      error: { code: 'token_save_failed' },
    });
    expect([manager.getAccessToken(), manager.isSaved()]).toEqual(['new', false]);
    expect(await manager.getValidAccessToken()).toBe('new');
    expect(await manager.adoptIfNewer()).toBe('older');
    await expect(manager.saveAgain()).rejects.toMatchObject({ code: 'token_save_failed', retryable: true });

    store.isFull = false;
    await manager.saveAgain();
    expect([manager.isSaved(), (await store.read())?.accessToken]).toEqual([true, 'new']);
  });

  test('a set whose save failed is held', async () => {
    const store = fillableStore();
    const manager = await managerOf(undefined, { store });
    store.isFull = true;
    await expect(manager.set({ accessToken: 'a' })).rejects.toMatchObject({ code: 'token_save_failed' });
    expect([manager.getAccessToken(), manager.isSaved()]).toEqual(['a', false]);
  });

  test('a newer login of someone else is never overwritten', async () => {
    const store = memoryStore(expiringIn(1));
    const manager = await managerOf(undefined, { store });
    const login = { accessToken: 'login', refreshToken: 'r2', loginAtMs: NOW_MS };
    await store.write(login);
    await expect(manager.setAccessToken('mine')).rejects.toMatchObject({ code: 'newer_login_on_disk' });
    expect([manager.getAccessToken(), await store.read()]).toEqual(['old', login]);
    expect(await manager.adoptIfNewer()).toBe('adopted');
    expect(manager.get()).toEqual(login);
  });

  test('an older set can be put back on purpose', async () => {
    const manager = await managerOf(expiringIn(30));
    await manager.set({ ...expiringIn(1), accessToken: 'backup', loginAtMs: LOGIN_MS - 1000 });
    expect([manager.getAccessToken(), manager.isSaved()]).toEqual(['backup', true]);
  });
});
