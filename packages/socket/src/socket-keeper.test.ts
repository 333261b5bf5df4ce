import { afterEach, expect, test, vi } from 'vitest';
import { SocketBindError } from './bind-error.ts';
import { SocketKeeper, type SocketNews } from './socket-keeper.ts';

afterEach(() => void vi.useRealTimers());

/** A socket in a folder that cannot be watched: only looks tell of it. */
function removedSocket(restore: () => Promise<void>) {
  vi.useFakeTimers();
  const stop = new AbortController();
  const looks: (() => void)[] = [];
  const news: SocketNews[] = [];
  let isInPlace = true;
  const restored = async () => {
    await restore();
    isInPlace = true;
  };
  const path = '/no-such-folder/token.sock';
  const claim = { path, isInPlace: () => isInPlace, restore: restored, release: () => undefined };
  const keeper = new SocketKeeper(claim, {
    onNews: (told) => news.push(told),
    onTick: (listener, signal) => {
      looks.push(listener);
      signal.addEventListener('abort', () => stop.abort());
    },
  });
  const tick = async () => {
    for (const look of looks) look();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { keeper, news, tick, remove: () => (isInPlace = false), isTickEnded: () => stop.signal.aborted };
}

test('a socket is looked after with the tick that it is given, and needs no timer of its own', async () => {
  const { keeper, news, tick, remove, isTickEnded } = removedSocket(() => Promise.resolve());
  await tick();
  expect([news, vi.getTimerCount()]).toEqual([[], 0]);
  remove();
  await tick();
  expect([news, vi.getTimerCount()]).toEqual([[{ kind: 'restored' }], 0]);
  await keeper.stop();
  expect(isTickEnded()).toBe(true);
});

test('a socket that is in the hands of others is tried again with the tick, one whose folder is missing sooner', async () => {
  let code: 'not_ours' | 'folder_missing' = 'not_ours';
  const restore = vi.fn(() => Promise.reject(new SocketBindError(code, 'made up')));
  const { keeper, tick, remove } = removedSocket(restore);
  remove();
  await tick();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(restore).toHaveBeenCalledTimes(1);
  code = 'folder_missing';
  await tick();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(restore).toHaveBeenCalledTimes(3);
  await keeper.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('a fault of our own is told of and tried again, and does not end the process', async () => {
  const faults = [new TypeError('made up')];
  const { keeper, news, tick, remove } = removedSocket(() => {
    const fault = faults.pop();
    return fault === undefined ? Promise.resolve() : Promise.reject(fault);
  });
  remove();
  await tick();
  expect(news).toMatchObject([{ kind: 'lost', error: { code: 'bind_failed' } }]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(news).toMatchObject([{ kind: 'lost' }, { kind: 'restored' }]);
  await keeper.stop();
});
