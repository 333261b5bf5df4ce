/** What is said of a promise that was broken: which, where, how to see it again, and the least plan that breaks it. */
import type { Plan } from './plan-events.ts';
import { makePlan } from './make-plan.ts';
import { shrink } from './simulate.ts';
import type { Breach } from './world.ts';

export async function breachWords(seed: number, breach: Breach): Promise<string> {
  const least = await shrink(makePlan(seed), breach);
  return [
    `Broken: ${breach.promise}`,
    `  ${breach.what}, ${(breach.atMs / 3_600_000).toFixed(2)} hours in`,
    `  again, with its journal: npm run simulate -- --plan ${seed}`,
    `  the least plan that breaks it (${least.events.length} events):`,
    ...planLines(least).map((line) => `    ${line}`),
  ].join('\n');
}

function planLines({ rotation, expiresIn, events }: Plan): readonly string[] {
  return [
    `refresh tokens: ${rotation}; expires_in: ${JSON.stringify(expiresIn)}`,
    ...events.map((event) => JSON.stringify(event)),
  ];
}
