import { expect, test } from 'vitest';
import { seededSource } from './random-source.ts';

test('the same seed gives the same bytes, another seed others', () => {
  const draw = (seed: string | number): Uint8Array[] => {
    const random = seededSource(seed);
    return [random(5), random(32), random(100)];
  };
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
  const [five, thirtyTwo, hundred] = draw(7);
  expect([five?.length, thirtyTwo?.length, hundred?.length]).toEqual([5, 32, 100]);
});

test('bytes drawn one after the other differ', () => {
  const random = seededSource(1);
  expect(random(32)).not.toEqual(random(32));
});
