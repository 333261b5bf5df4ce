/** `npm run soak -- [--minutes N] [--seed N] [--rounds N] [--round N] [--short]`: see docs/proof/chaos.md. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Campaign } from './campaign.ts';
import { LONG, planRound, SHORT, strikeText } from './plan.ts';
import { failureText, markdown } from './report.ts';
import { LEAST_MINUTES } from './validity.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string' },
    rounds: { type: 'string' },
    /** Begin with this one. */
    round: { type: 'string', default: '0' },
    short: { type: 'boolean', default: false },
    folder: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const first = Number(values.round);
const rounds = Number(values.rounds ?? Infinity);
const shape = values.short ? SHORT : LONG;
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'relay-chaos-'));

const beganAtMs = performance.now();
const isTimeLeft = () => performance.now() - beganAtMs < Number(values.minutes) * 60_000;
console.log(`Seed ${seed}`);
const campaign = await Campaign.open({ folder, seed, shape });
// What a reader cannot make sense of is torn.
process.on('uncaughtException', (error) => campaign.witness.complain(`a reader failed: ${error.message}`));
try {
  for (let round = first; round < first + rounds && isTimeLeft(); round += 1) {
    const strikes = planRound(seed, round, shape);
    console.log(`\nRound ${round}\n  ${strikes.map(strikeText).join('\n  ')}`);
    const isWell = await campaign.run(round);
    if (!isWell) {
      const repeat = `npm run soak -- --seed ${seed} --round ${round} --rounds 1${values.short ? ' --short' : ''}`;
      console.log(failureText(campaign, { round, strikes, repeat }));
      process.exitCode = 1;
      break;
    }
    const recoveredMs = campaign.results.at(-1)?.recoveredMs ?? 0;
    console.log(`  all had the newest token ${(recoveredMs / 1_000).toFixed(1)} s after the last fault`);
  }
} finally {
  await campaign.close();
}
if (campaign.witness.complaints.length > 0 && process.exitCode !== 1) {
  console.log(`At the end:\n${campaign.witness.complaints.join('\n')}`);
  process.exitCode = 1;
}
const tookMs = performance.now() - beganAtMs;
console.log(`\n${markdown(campaign, { seed, tookMs })}`);
// Who asked for less than a long run knows that it is none.
const isLongRun = !values.short && values.rounds === undefined && Number(values.minutes) >= LEAST_MINUTES;
if (isLongRun && campaign.invalidities(tookMs).length > 0) process.exitCode = 1;
