/** The short form: the corpus, and a few hundred to a few thousand new inputs for each target. `npm run fuzz` is the long one. */
import { expect, test } from 'vitest';
import { corpusOf } from './corpus.ts';
import { keepFinding } from './keep-finding.ts';
import { runTarget } from './run-target.ts';
import { targetNames } from './targets/index.ts';

const seed = Math.floor(Math.random() * 2 ** 31);
console.log(`fuzz: seed ${seed}`);

test.for(targetNames)('every input keeps the promises: %s', async (name) => {
  const { finding } = await runTarget({ target: name, seed, runs: 'short', isGuided: false });
  if (finding !== undefined) {
    const file = keepFinding(name, finding);
    expect.fail(
      `${finding.promise}: ${finding.message}\n${finding.seedName === undefined ? `seed ${seed}` : `corpus entry ${finding.seedName}`}\nagain: npm run fuzz -- ${name} --input ${file}`,
    );
  }
});

test.for(targetNames)('there are seeds for %s', (name) => {
  expect(corpusOf(name).length).toBeGreaterThan(0);
});
