import { isDeepStrictEqual } from 'node:util';
import { yamlName } from './setting.ts';

/** What a reload does with each setting: `at once`: used from then on; `restart`: bound to what was opened at the start. */
export type ReloadPlan = Readonly<Record<string, 'at once' | 'restart'>>;

/** The settings, as they are written in the file, that were changed and are used only after a restart. */
export function needingRestart(plan: ReloadPlan, running: object, next: object): readonly string[] {
  const now = new Map<string, unknown>(Object.entries(running));
  const later = new Map<string, unknown>(Object.entries(next));
  return Object.entries(plan)
    .filter(([key, when]) => when === 'restart' && !isDeepStrictEqual(now.get(key), later.get(key)))
    .map(([key]) => yamlName(key));
}
