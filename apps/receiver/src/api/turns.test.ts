import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

interface Member {
  readonly name: number;
  visits: number;
}

function crowd(count: number): { turns: Turns<Member>; members: Member[]; order: number[] } {
  const order: number[] = [];
  const turns = new Turns<Member>((member) => {
    member.visits += 1;
    order.push(member.name);
  });
  const members = Array.from({ length: count }, (_, name) => ({ name, visits: 0 }));
  for (const member of members) turns.add(member);
  return { turns, members, order };
}

/** Enough turns of the event loop for any round. */
async function rest(turns: Turns<Member>): Promise<void> {
  for (let left = turns.size / 100 + 10; left > 0; left -= 1) await turn();
}

test('everyone is visited once after a start, some at a time', async () => {
  const { turns, members, order } = crowd(1_000);
  turns.start();
  expect(order.length).toBeGreaterThan(0);
  expect(order.length).toBeLessThan(200);
  await rest(turns);
  expect(members.every(({ visits }) => visits === 1)).toBe(true);
});

test('nobody is always the first', async () => {
  const { turns, order } = crowd(1_000);
  const first = new Set<number | undefined>();
  for (let round = 0; round < 5; round += 1) {
    order.length = 0;
    turns.start();
    first.add(order[0]);
    await rest(turns);
    expect(new Set(order).size).toBe(1_000);
  }
  expect(first.size).toBe(5);
});

test('starts that come faster than a round ends pass nobody over', async () => {
  const { turns, members } = crowd(1_000);
  for (let start = 0; start < 40; start += 1) {
    turns.start();
    await turn();
  }
  const visits = members.map((member) => member.visits);
  expect(Math.min(...visits)).toBeGreaterThan(0);
  expect(Math.max(...visits) - Math.min(...visits)).toBeLessThanOrEqual(1);
});

test('one that leaves is not visited; one that comes costs nobody a visit, though it may bring a second', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 600 }),
      fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 599 })), { maxLength: 40 }),
      async (count, changes) => {
        const { turns, members } = crowd(count);
        const stayed = new Set(members);
        const gone = new Map<Member, number>();
        turns.start();
        for (const [comes, index] of changes) {
          const member = members[index];
          if (comes) turns.add({ name: -1, visits: 0 });
          else if (member !== undefined && turns.delete(member)) {
            stayed.delete(member);
            gone.set(member, member.visits);
          }
          if (index % 3 === 0) await turn();
        }
        await rest(turns);
        for (const { visits } of stayed) expect([1, 2]).toContain(visits);
        for (const [member, visits] of gone) expect(member.visits).toBe(visits);
      },
    ),
    { numRuns: 50 },
  );
});

test('cleared, it gives them all back and visits nobody any more', async () => {
  const { turns, members, order } = crowd(1_000);
  turns.start();
  const before = order.length;
  expect(turns.clear()).toEqual(members);
  await rest(turns);
  expect([order.length, turns.size]).toEqual([before, 0]);
  const late = { name: 1, visits: 0 };
  turns.add(late);
  turns.start();
  expect(late.visits).toBe(1);
});
