/** What must be true of a save that was killed or failed at one of its calls. */
import { basename } from 'node:path';
import { between, isHitElsewhere, type Fault, type FaultedRun } from './save-rig.ts';
import { accessToken } from './savers.ts';
import type { Step } from './saving-program.ts';
import type { Call } from './strace.ts';

/** In words, what is not as promised. Pure. */
export function problemsOf({ trace, steps, isSingledOut, next }: FaultedRun, faults: readonly Fault[]): string[] {
  const fault = faults.at(-1);
  if (fault === undefined) throw new Error('no fault');
  const { call, what } = fault;
  const problems: string[] = [];
  const demand = (isTrue: boolean, problem: string): void => {
    if (!isTrue) problems.push(problem);
  };
  const isMeant = (made: Call): boolean => (isSingledOut ? isSame(made, call) : made.name === call.name);
  const said = steps.flatMap((step) => step.said ?? []);
  demand(!/made-up/.test(said.join() + trace.stderr), `a secret was said: ${said.join()} ${trace.stderr}`);

  if ('signal' in what) {
    const last = trace.calls.at(-1);
    demand(
      trace.signal === what.signal,
      `it was not killed (${trace.signal ?? `code ${trace.code}`}): ${trace.stderr}`,
    );
    demand(last !== undefined && isMeant(last), `it was killed elsewhere: ${last?.name} ${last?.text}`);
    problems.push(...afterKill(next));
    return problems;
  }

  const hits = between(trace.calls).filter((made) => made.injected);
  // More, if another thread has a call of the same name and number.
  demand(hits.length >= faults.length, `it was tampered with at ${hits.length} calls, not at ${faults.length}`);
  demand(
    hits.some(isMeant),
    `it was tampered with elsewhere: ${hits.map(({ name, text }) => `${name} ${text}`).join(', ')}`,
  );
  demand(trace.code === 0, `it ended with ${trace.code ?? trace.signal}: ${trace.stderr}`);
  const saved = steps.find(({ step }) => step === 'saved');
  const again = steps.find(({ step }) => step === 'again');
  if (saved === undefined || again === undefined)
    return [...problems, `it did not go on: ${trace.stdout.slice(0, 200)}`];

  demand(saved.version === 'new' || (saved.version === 'old' && saved.saved === false), `the file is ${saved.version}`);
  demand(saved.saved === true || (saved.said ?? []).length === 1, `it was said ${saved.said?.length} times`);
  for (const step of [saved, again]) {
    demand(
      step.held === undefined || step.held === accessToken('new'),
      `after "${step.step}" the token in memory is lost`,
    );
    problems.push(...openFiles(step));
  }
  if (isHitElsewhere(trace)) return [...problems, ...afterKill(next)];
  demand(
    again.saved === true && again.version === 'new',
    `the next save left the file ${again.version}: ${again.said?.join()}`,
  );
  problems.push(...leftovers(again));
  return problems;
}

/** The same call on the same files, in folders of two runs. */
function isSame(one: Call, other: Call): boolean {
  return one.name === other.name && filesIn(one) === filesIn(other);
}

/** Those of the arguments: the result is not there if the call was not made. */
function filesIn({ text }: Call): string {
  const [given = ''] = text.split(/\) += |<unfinished/);
  const paths = [...given.matchAll(/"([^"]+)"|<([^>]+)>/g)].map(([, named = '', opened = named]) => opened);
  return paths.map((path) => path.replace(/\/crash-\w+/, '')).join();
}

/** Whatever was left: it is whole, and the next start makes it good. */
function afterKill(next: readonly Step[]): string[] {
  const [found, saved] = next;
  if (found === undefined || saved === undefined) return ['the next start did not come to its save'];
  return [
    ...(found.version === 'old' || found.version === 'new' ? [] : [`the next start found the file ${found.version}`]),
    ...openFiles(found),
    ...(saved.saved === true && saved.version === 'newer' ? [] : [`the next save left the file ${saved.version}`]),
    ...leftovers(saved),
  ];
}

/** Files that others than the owner can get at. */
function openFiles({ step, modes }: Step): string[] {
  const open = Object.entries(modes).filter(([, mode]) => mode !== 0o600);
  return open.map(([file, mode]) => `after "${step}" ${basename(file)} has the mode ${mode.toString(8)}`);
}

function leftovers({ step, modes }: Step): string[] {
  return Object.keys(modes)
    .filter((file) => file.endsWith('.tmp'))
    .map((file) => `after "${step}" ${file} is left over`);
}
