/** `npm run cluster -- [--periods N] [--seed N] [--round N] [--short] [--folder PATH]`: see docs/proof/cluster.md. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import '../record/setup.ts';
import { Campaign } from './campaign.ts';
import { LONG, SHORT } from './plan.ts';
import { LONG_RUN_PERIODS, markdown } from './report.ts';

const { values } = parseArgs({
  options: {
    periods: { type: 'string', default: String(LONG_RUN_PERIODS) },
    seed: { type: 'string' },
    /** Begin with this one. */
    round: { type: 'string', default: '0' },
    /** One round, in which every kind comes once. */
    short: { type: 'boolean', default: false },
    folder: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const shape = values.short ? SHORT : LONG;
const periods = values.short ? Infinity : Number(values.periods);
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'relay-cluster-'));

console.log(`Seed ${seed}; logs in ${folder}`);
const campaign = await Campaign.open(folder);
for (let round = Number(values.round), isGoing = true; isGoing; round += 1) {
  console.log(`\nRound ${round}`);
  isGoing = (await campaign.round(seed, round, { shape, periods })) && !values.short;
}
const figures = await campaign.end();
const { complaints } = campaign.witness;
console.log(`\n${markdown(figures, { seed, complaints })}`);
if (complaints.length > 0) {
  console.log(`\n${complaints.map((complaint) => `- ${complaint}`).join('\n')}`);
  process.exitCode = 1;
}
// What a failed wait has left behind ends with the namespace.
process.exit();
