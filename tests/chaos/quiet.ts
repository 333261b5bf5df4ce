/** What has to be true again after a round, and within which time. */
import { requestLocal } from '@token-relay/daemon';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { liveHeapKb } from './live-heap.ts';
import type { Load } from './load.ts';
import { RECEIVERS, type DaemonName } from './plan.ts';
import { loadCredential } from './readers.ts';
import { listeningSockets, processFacts, type ProcessFacts } from './process-facts.ts';
import type { Stage } from './stage.ts';
import { fingerprint, type TokenBook } from './witness.ts';

/**
 * From the last fault's end until everybody has the newest token. What takes longest, after one another: the backoff of a
 * refresh that failed (60 s at most), or of a sink's save (60 s); a target that is offered its token again only at the
 * slow poll (30 s); one attempt (5 s). DESIGN.md, "Sender".
 */
const RECOVERED_WITHIN_MS = 100_000;
/** For all connections to be gone, and for a hook and a save to end. */
const SETTLED_WITHIN_MS = 30_000;
const ANSWER_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;
const FIRST_LOOKS = 20;
/** Beyond those that it had before the chaos: a delivery, a save, a look at a folder. */
const SPARE_DESCRIPTORS = 3;

interface SandboxState {
  readonly accessToken: string | null;
  readonly requests: readonly { readonly number: number; readonly accessToken?: string; readonly fault?: string }[];
}

interface DaemonStatus {
  readonly state: string;
  readonly saved?: boolean;
  readonly access_token?: { readonly fingerprint: string };
  readonly token?: { readonly fingerprint: string };
}

/** The newest token that Schwab gave, by its fingerprint. Notes all others too. */
export async function newestOfSchwab(stage: Stage, book: TokenBook): Promise<string> {
  const { accessToken, requests } = (await stage.control('GET', 'state')) as SandboxState;
  const all = [accessToken, ...requests.map((request) => request.accessToken)];
  book.issued(all.filter((one) => typeof one === 'string'));
  book.answered(requests);
  return accessToken ?? '';
}

/**
 * Resolves, to how long it took until all had the newest token, when all have had the one after that as well; rejects with
 * what is not as it should be.
 */
export async function recovered(
  stage: Stage,
  book: TokenBook,
  load: Load,
  withinMs = RECOVERED_WITHIN_MS,
): Promise<number> {
  const beganAtMs = performance.now();
  let first: { readonly newest: string; readonly tookMs: number } | undefined;
  for (;;) {
    const { newest, problems } = await differences(stage, book, load);
    const tookMs = performance.now() - beganAtMs;
    if (problems.length === 0) {
      if (first !== undefined && first.newest !== newest) return first.tookMs;
      first ??= { newest, tookMs };
    }
    if (tookMs > withinMs) {
      const what = first === undefined ? 'the newest token' : `a newer token than ${first.newest}`;
      throw new Error(`not all have ${what} within ${withinMs / 1_000} s: ${problems.join('; ')}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function differences(stage: Stage, book: TokenBook, load: Load): Promise<{ newest: string; problems: string[] }> {
  const problems: string[] = [];
  const newest = await newestOfSchwab(stage, book);
  const has = (who: string, found: string | undefined) => {
    if (found !== newest) problems.push(`${who} has ${found ?? 'nothing'}, and Schwab's newest is ${newest}`);
  };
  const sender = await statusOf(stage.controlSocket);
  has('the sender', sender?.access_token?.fingerprint);
  if (sender?.state !== 'healthy' || sender.saved !== true) {
    problems.push(`the sender is ${sender?.state ?? 'silent'}, ${sender?.saved === true ? '' : 'not '}saved`);
  }
  has(
    'the token file',
    tokenIn(stage.tokenFile, (text) => (JSON.parse(text) as { token: { access_token: string } }).token.access_token),
  );
  for (const receiver of RECEIVERS) {
    const status = await statusOf(stage.socket(receiver, 'api'));
    has(receiver, status?.token?.fingerprint);
    if (status?.state !== 'holding') problems.push(`${receiver} is ${status?.state ?? 'silent'}`);
    for (const name of ['raw', 'hook'] as const)
      has(
        `${receiver}.${name}`,
        tokenIn(stage.file(receiver, name), (text) => text.trim()),
      );
    const json = (text: string) => (JSON.parse(text) as { access_token: string }).access_token;
    has(`${receiver}.json`, tokenIn(stage.file(receiver, 'json'), json));
    const credential = await loadCredential(
      stage.socket(receiver, 'credential'),
      AbortSignal.timeout(ANSWER_WITHIN_MS),
    );
    has(`a unit with the credential of ${receiver}`, credential && fingerprint(credential));
    const told = new Set(await load.told(receiver));
    for (const token of told) has(`a reader of ${receiver}`, token === undefined ? undefined : fingerprint(token));
  }
  return { newest, problems };
}

async function statusOf(socket: string): Promise<DaemonStatus | undefined> {
  const question = { method: 'GET', path: '/v1/status', timeoutMs: ANSWER_WITHIN_MS } as const;
  const answer = await requestLocal(socket, question).catch(() => undefined);
  return answer?.body as DaemonStatus | undefined;
}

function tokenIn(path: string, read: (text: string) => string): string | undefined {
  try {
    return fingerprint(read(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** `heapKb`: what is held, without garbage. */
export type Facts = Readonly<Record<DaemonName, ProcessFacts & { readonly pid: number; readonly heapKb: number }>>;

/**
 * Resolves, when the load has ended, with what each daemon uses; rejects with what is left over. `before`: the same before
 * the chaos.
 */
export async function settled(stage: Stage, before: Facts): Promise<Facts> {
  const heaps = await liveHeaps(stage);
  const deadlineMs = performance.now() + SETTLED_WITHIN_MS;
  for (;;) {
    const facts = allFacts(stage, heaps);
    const leftovers = [...leftoversIn(facts, before), ...strayFiles(stage), ...straySockets(stage)];
    if (leftovers.length === 0) return facts;
    if (performance.now() > deadlineMs) {
      throw new Error(`left over after ${SETTLED_WITHIN_MS / 1_000} s of quiet: ${leftovers.join('; ')}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** What each daemon uses before the chaos: the least that is seen in a while, since connections take their time to close. */
export async function usedBefore(stage: Stage): Promise<Facts> {
  const heaps = await liveHeaps(stage);
  let least = allFacts(stage, heaps);
  for (let look = 0; look < FIRST_LOOKS; look += 1) {
    await sleep(LOOK_EVERY_MS);
    const next = allFacts(stage, heaps);
    const lesser = (name: DaemonName) => (next[name].descriptors < least[name].descriptors ? next[name] : least[name]);
    least = { sender: lesser('sender'), 'receiver-a': lesser('receiver-a'), 'receiver-b': lesser('receiver-b') };
  }
  return least;
}

async function liveHeaps(stage: Stage): Promise<ReadonlyMap<string, number>> {
  const heaps = new Map<string, number>();
  for (const daemon of stage.all()) heaps.set(daemon.name, await liveHeapKb(daemon));
  return heaps;
}

function allFacts(stage: Stage, heaps: ReadonlyMap<string, number>): Facts {
  return Object.fromEntries(stage.all().map(({ name, pid }) => [name, factsOf(pid, heaps.get(name))])) as Facts;
}

function factsOf(pid: number, heapKb = 0): Facts[DaemonName] {
  return { pid, heapKb, ...(processFacts(pid) ?? { descriptors: 0, children: 0, residentKb: 0 }) };
}

function leftoversIn(facts: Facts, before: Facts): string[] {
  return Object.entries(facts).flatMap(([name, { descriptors, children }]) => {
    const limit = before[name as DaemonName].descriptors + SPARE_DESCRIPTORS;
    return [
      ...(descriptors > limit ? [`${name} has ${descriptors} descriptors open, ${limit} at most are right`] : []),
      ...(children > 0 ? [`${name} has ${children} child processes`] : []),
    ];
  });
}

const EXPECTED_FILES: readonly RegExp[] = [
  /^((app|settings)\.yaml|login\.json|never\.sock)$/,
  /^runtime\/(a\/token-relay|run-b)\/(token|api|credential)\.sock$/,
  /^runtime\/(a\/token-relay|run-b)\/api\.state\.json$/,
  /^runtime\/run-sender\/control\.sock$/,
  /^disk\/tokens\/schwab_tokens\.json$/,
  /^disk\/tokens\/\.schwab_tokens\.reminders\.json$/,
  /^disk\/sinks\/receiver-[ab]\.(raw|json|hook)$/,
  /^disk\/logs\/(receiver-[ab]|sender)\.log$/,
  /^disk\/logs\/(receiver-[ab]|sender)\.\d+\.log$/,
];

function strayFiles({ folder }: Stage): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory() || entry.name.startsWith('.'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !EXPECTED_FILES.some((pattern) => pattern.test(path)))
    .map((path) => `the file ${path}`);
}

/** Three of each receiver, the sender's, and the target's that never answers. */
function straySockets({ folder }: Stage): string[] {
  const found = listeningSockets(folder);
  const expected = RECEIVERS.length * 3 + 2;
  return found.length === expected
    ? []
    : [`${found.length} listening sockets in place of ${expected}: ${found.join(', ')}`];
}
