/** `npm run simulate`: thousands of simulated months. `--plan SEED` repeats one, with everything that happens in it. */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { breachWords } from './breach-words.ts';
import { seedsFrom, type PlanResult } from './plans.ts';
import { allPromises } from './promises/all.ts';
import { simulateSeed } from './simulate.ts';
import { added, nothing, type Tally } from './tally.ts';

const PROGRESS_EVERY = 100;
/** Of so many broken plans, the least one is looked for. */
const MOST_SHRUNK = 3;

const { values } = parseArgs({
  options: {
    plans: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    plan: { type: 'string' },
    workers: { type: 'string', default: String(Math.min(2, availableParallelism())) },
  },
});

if (values.plan === undefined)
  await runMany(wholeNumber(values.plans), seedOf(values.seed), wholeNumber(values.workers));
else await runOne(wholeNumber(values.plan));

async function runOne(seed: number): Promise<void> {
  const { breach, tally } = await simulateSeed(seed, (line) => console.log(line));
  console.log(tally);
  if (breach === undefined) return;
  console.log(await breachWords(seed, breach));
  process.exitCode = 1;
}

async function runMany(plans: number, seed: number, workers: number): Promise<void> {
  console.log(`${plans} months from seed ${seed}, on ${workers} threads`);
  const startedAtMs = performance.now();
  const broken: PlanResult[] = [];
  let tally = nothing();
  let done = 0;
  const take = (result: PlanResult) => {
    done += 1;
    tally = added(tally, result.tally);
    if (result.breach !== undefined) {
      broken.push(result);
      console.log(`plan ${result.seed}: ${result.breach.promise}: ${result.breach.what}`);
    }
    if (done % PROGRESS_EVERY === 0) {
      const seconds = (performance.now() - startedAtMs) / 1_000;
      console.log(
        `${done} of ${plans}, ${Math.round((seconds / done) * (plans - done))} s to go, ${broken.length} broken`,
      );
    }
  };
  await Promise.all(
    Array.from({ length: workers }, (_, index) => share(seedsFrom(seed + index, plans - index, workers), take)),
  );
  for (const { seed: plan, breach } of broken.slice(0, MOST_SHRUNK)) {
    if (breach !== undefined) console.log(await breachWords(plan, breach));
  }
  console.log(
    block({ plans, seed, workers, tally, broken: broken.length, seconds: (performance.now() - startedAtMs) / 1_000 }),
  );
  if (broken.length > 0) process.exitCode = 1;
}

function share(seeds: readonly number[], take: (result: PlanResult) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { seeds },
      // Nearly everything dies young.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
    });
    worker.on('message', take);
    worker.on('error', reject);
    worker.on('exit', () => resolve());
  });
}

interface Outcome {
  readonly plans: number;
  readonly seed: number;
  readonly workers: number;
  readonly tally: Tally;
  readonly broken: number;
  readonly seconds: number;
}

/** For docs/proof/simulation.md. */
function block({ plans, seed, workers, tally, broken, seconds }: Outcome): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const rows = [
    ['date', new Date().toISOString().slice(0, 10)],
    ['plans, of a month each', number(plans)],
    ['seeds', `${seed} to ${seed + plans - 1}`],
    ['promises looked after', number(allPromises().length)],
    ['plans that broke one', number(broken)],
    ['moments looked at', number(tally.steps)],
    ['requests to Schwab, of which granted', `${number(tally.requests)}, ${number(tally.granted)}`],
    ['starts of the sender', number(tally.starts)],
    ['deliveries tried', number(tally.deliveries)],
    ['"Login required" said', number(tally.alarms)],
    ['reminders given', number(tally.reminders)],
    ['time', `${Math.round(seconds)} s on ${workers} threads, Node ${process.versions.node}`],
  ];
  return ['', '| `npm run simulate` | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`), ''].join(
    '\n',
  );
}

function seedOf(text: string | undefined): number {
  return text === undefined ? randomInt(2 ** 40) : wholeNumber(text);
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  console.error(`${text} is not a whole number`);
  process.exit(2);
}
