import { expect, test } from 'vitest';
import { Callbacks } from './callbacks.ts';

function rig(): { callbacks: Callbacks<string>; heard: string[]; failures: unknown[] } {
  const failures: unknown[] = [];
  return { callbacks: new Callbacks((error) => failures.push(error)), heard: [], failures };
}

test('they are called after whoever announces has gone on, and before the next event', async () => {
  const { callbacks, heard } = rig();
  callbacks.add((value) => heard.push(`first ${value}`));
  callbacks.add((value) => heard.push(`second ${value}`));
  const next = new Promise<void>((resolve) => {
    setImmediate(() => {
      heard.push('the next event');
      resolve();
    });
  });
  callbacks.announce('a');
  callbacks.announce('b');
  heard.push('gone on');
  await next;
  expect(heard).toEqual(['gone on', 'first a', 'second a', 'first b', 'second b', 'the next event']);
});

test('one that throws or rejects hurts nobody, and is noticed', async () => {
  const { callbacks, heard, failures } = rig();
  callbacks.add(() => {
    throw new Error('thrown');
  });
  callbacks.add(() => Promise.reject(new Error('rejected')));
  callbacks.add((value) => heard.push(value));
  callbacks.announce('a');
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual(['a']);
  expect(failures).toEqual([new Error('thrown'), new Error('rejected')]);
});

test('one that was taken off hears nothing any more, not even what was announced before', async () => {
  const { callbacks, heard } = rig();
  const takeOff = callbacks.add((value) => heard.push(value));
  callbacks.announce('a');
  takeOff();
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([]);
  expect(callbacks.isEmpty).toBe(true);
});
