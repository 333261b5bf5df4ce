/** The same measurement of several servers, round by round in turn, so that a machine that grows slower does so for all of them. */
import { median } from './figures.ts';

export interface Rounds<Sample> {
  /** The median of a figure. */
  readonly of: (name: string, figure: (sample: Sample) => number) => number;
  /** The median of the ratios that each round had, to the first of the servers. */
  readonly ratio: (name: string, figure: (sample: Sample) => number) => number;
}

/** One more round comes first, which does not count. */
export async function inTurn<Sample>(
  names: readonly string[],
  rounds: number,
  measure: (name: string, round: number) => Promise<Sample>,
): Promise<Rounds<Sample>> {
  const samples = new Map<string, Sample[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    // Every other round the other way round: nobody always comes after the same one.
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const sample = await measure(name, round);
      if (round >= 0) samples.get(name)?.push(sample);
    }
  }
  const figures = (name: string, figure: (sample: Sample) => number) => (samples.get(name) ?? []).map(figure);
  return {
    of: (name, figure) => median(figures(name, figure)),
    ratio: (name, figure) => {
      const base = figures(names[0] ?? '', figure);
      return median(figures(name, figure).map((value, round) => value / (base[round] ?? Number.NaN)));
    },
  };
}
