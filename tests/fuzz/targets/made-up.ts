/** Targets that break each promise, for the tests of the fuzzer itself. */
import fc from 'fast-check';
import { closeSync, openSync } from 'node:fs';
import { bytesOf } from '../arbitraries.ts';
import { demandNoSecret, SECRET } from '../secrets.ts';
import type { FuzzTarget, OpenTarget } from '../target.ts';

const WORD = 'made-up';

function madeUp(name: string, open: () => OpenTarget, isGuided = false): FuzzTarget {
  return {
    name: `made-up-${name}`,
    feeds: 'nothing',
    inputs: fc.string({ maxLength: 30 }).map((text) => bytesOf(`${WORD} ${text} ${SECRET}`)),
    dictionary: [WORD],
    runs: { long: 100, short: 100 },
    maxBytes: 1_000,
    isGuided,
    open,
  };
}

/** Fails for an input that holds the word and is not among the first. */
function after(count: number, fail: (input: Uint8Array) => void | Promise<void>): () => OpenTarget {
  return () => {
    let seen = 0;
    return {
      check: (input) => {
        seen += 1;
        if (seen > count && Buffer.from(input).includes(WORD)) return fail(input);
      },
    };
  };
}

const held: unknown[] = [];

function later(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 1));
}

function fail(): never {
  throw new SyntaxError('made up');
}

const madeUpTargets: readonly FuzzTarget[] = [
  madeUp('good', after(0, () => undefined)),
  madeUp('crash', after(5, () => fail())),
  madeUp('rejection', after(5, () => Promise.reject(new TypeError('made up')))),
  madeUp('uncaught', after(5, () => {
    setTimeout(fail, 0);
    return later();
  })),
  madeUp('loop', after(5, () => {
    for (;;);
  })),
  madeUp('wait', after(5, () => new Promise<void>(() => undefined))),
  madeUp('secret', after(5, (input) => demandNoSecret(new Error('x', { cause: Buffer.from(input).toString() }), 'it'))),
  madeUp('memory', after(0, async () => {
    held.push(Array.from({ length: 4_000 }, (_, index) => index + 0.5));
    await later();
  })),
  madeUp('descriptor', after(0, () => void held.push(openSync('/dev/null', 'r')))),
  madeUp('closed-descriptor', after(0, () => closeSync(openSync('/dev/null', 'r')))),
]; // prettier-ignore

export function madeUpTarget(name: string): FuzzTarget {
  const target = madeUpTargets.find((one) => one.name === name);
  if (target === undefined) throw new Error(`There is no target "${name}"`);
  return target;
}
