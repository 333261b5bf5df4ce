import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Entry, OldestFirst } from './oldest-first.ts';

test('keeps the order in which values came or were renewed, whatever is removed', () => {
  const change = fc.record({ act: fc.constantFrom('add', 'remove', 'renew'), which: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const list = new OldestFirst<number>();
      const entries: Entry<number>[] = [];
      let expected: Entry<number>[] = [];
      changes.forEach(({ act, which }, atMs) => {
        const entry = entries[which % Math.max(1, entries.length)];
        if (act === 'add' || entry === undefined) {
          const added = list.add(atMs, atMs);
          entries.push(added);
          expected.push(added);
        } else if (act === 'remove') {
          list.remove(entry);
          expected = expected.filter((other) => other !== entry);
        } else {
          list.renew(entry, atMs);
          expected = [...expected.filter((other) => other !== entry), entry];
        }
        expect([...list]).toEqual(expected.map(({ value }) => value));
        expect(list.oldest).toBe(expected[0]);
        expect(list.size).toBe(expected.length);
        expect(entries.filter(({ isListed }) => isListed)).toHaveLength(expected.length);
      });
    }),
  );
});
