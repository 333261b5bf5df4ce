/** When something happened, for people. */
import { START_MS, type SimulatedClock } from './clock.ts';
import { DAY, HOUR, MINUTE, SECOND } from './make-plan.ts';

/** `5d 22:55:00.048`, true time since the start; and how far the wall clock is off. */
export function momentWords(clock: SimulatedClock): string {
  const offsetMs = clock.wallOffsetMs;
  const wall = offsetMs === 0 ? '' : ` (wall ${offsetMs > 0 ? '+' : '-'}${span(Math.abs(offsetMs))})`;
  return `${span(clock.trueMs() - START_MS)}${wall}`;
}

function span(ms: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = ((ms % MINUTE) / SECOND).toFixed(3).padStart(6, '0');
  return `${Math.floor(ms / DAY)}d ${two(Math.floor((ms % DAY) / HOUR))}:${two(Math.floor((ms % HOUR) / MINUTE))}:${seconds}`;
}
