/** For the tests: plans that must keep every promise. */
import { breachWords } from './breach-words.ts';
import { runPlans } from './plans.ts';

/** @throws Error that tells of the first broken promise, how to see it again, and the least plan that breaks it */
export async function expectKept(seeds: readonly number[]): Promise<void> {
  for await (const { seed, breach } of runPlans(seeds)) {
    if (breach !== undefined) throw new Error(await breachWords(seed, breach));
  }
}
