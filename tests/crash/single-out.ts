/** Which paths strace has to look at so that the call that is meant is the one that it tampers with. Pure. */
import type { Call } from './strace.ts';

/** A call of a save. `places`: which of `pathsOfSave` it names. `earlier`: all calls of the same name before it, with theirs. */
export interface SaveCall extends Call {
  readonly places: readonly number[];
  readonly earlier: readonly { readonly thread: string; readonly places: readonly number[] }[];
}

/**
 * Those of the calls, and more if they do not do: a call that nobody looks at is not counted either, so what is looked at decides which
 * number each call has, and strace tampers with that number in every thread. No other may have reached it before; undefined if one always has.
 */
export function placesToLookAt(calls: readonly SaveCall[], count: number): ReadonlySet<number> | undefined {
  const own = calls.flatMap(({ places }) => places);
  const places = [...Array(count).keys()];
  const choices = [own, ...places.map((more) => [...own, more]), places].map((choice) => new Set(choice));
  return choices.find((choice) => calls.every((call) => isFirstOfItsNumber(call, choice)));
}

function isFirstOfItsNumber(call: SaveCall, lookedAt: ReadonlySet<number>): boolean {
  const number = numberOf(call, lookedAt);
  const others = new Set(call.earlier.map(({ thread }) => thread).filter((thread) => thread !== call.thread));
  return [...others].every((thread) => countOf(call, thread, lookedAt) < number);
}

/** The number that strace gives a call if it looks at some of the places only. */
export function numberOf(call: SaveCall, lookedAt: ReadonlySet<number>): number {
  return 1 + countOf(call, call.thread, lookedAt);
}

function countOf({ earlier }: SaveCall, thread: string, lookedAt: ReadonlySet<number>): number {
  return earlier.filter((made) => made.thread === thread && made.places.some((place) => lookedAt.has(place))).length;
}

export function withPlaces(calls: readonly Call[], paths: readonly string[]): SaveCall[] {
  const placed = calls.map((call) => ({
    ...call,
    places: [...paths.keys()].filter((place) => isNamedIn(call, paths[place] ?? '')),
  }));
  return placed.map((call, index) => ({
    ...call,
    earlier: placed.slice(0, index).filter(({ name }) => name === call.name),
  }));
}

function isNamedIn({ text }: Call, path: string): boolean {
  return text.includes(`"${path}"`) || text.includes(`<${path}>`);
}
