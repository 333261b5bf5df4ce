/** What a figure was to reach, and by how much it did not. */
import { table } from './figures.ts';

export interface Goal {
  readonly figure: string;
  readonly rule: 'at most' | 'at least' | 'under';
  readonly limit: number;
  /** Behind the numbers: `ms`. A ratio has none. */
  readonly unit?: string;
  readonly measured: number;
}

/** A figure that was not measured is not reached. */
export function isReached({ rule, limit, measured }: Goal): boolean {
  switch (rule) {
    case 'at most':
      return measured <= limit;
    case 'at least':
      return measured >= limit;
    case 'under':
      return measured < limit;
  }
}

export function goalsTable(goals: readonly Goal[]): string {
  return table(
    ['figure', 'goal', 'measured', 'reached'],
    goals.map((goal) => {
      const { figure, rule, limit, unit, measured } = goal;
      const missedBy = (Math.abs(measured / limit - 1) * 100).toFixed(1);
      return [
        figure,
        `${rule} ${amount(limit, unit)}`,
        amount(measured, unit),
        isReached(goal) ? 'yes' : `no, by ${missedBy} %`,
      ];
    }),
  );
}

function amount(value: number, unit: string | undefined): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return unit === undefined ? value.toFixed(digits) : `${value.toFixed(digits)} ${unit}`;
}
