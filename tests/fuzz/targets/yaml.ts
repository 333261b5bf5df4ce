/** YAML, as the settings files are read: bombs, depth, doubles. */
import { parseYaml } from '../../../packages/daemon/src/settings/yaml-text.ts';
import { asBytes } from '../arbitraries.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { YAML_WORDS, yamlText } from './yaml-arbitraries.ts';

/** Of a text with aliases there may be millions. */
const MAX_PATHS = 300;
const MAX_DEPTH = 20;

export const yaml: FuzzTarget = {
  name: 'yaml',
  feeds: "the settings files' YAML: anchors, depth, duplicates, sizes",
  inputs: asBytes(yamlText),
  dictionary: YAML_WORDS,
  runs: { long: 30_000, short: 1_000 },
  maxBytes: 50_000,
  isGuided: true,
  open: () => ({
    async check(input) {
      const text = Buffer.from(input).toString('utf8');
      const parsed = await parseYaml(text);
      const lines = text.split(/\r\n|\r|\n/).length;
      if (!parsed.ok) {
        demand(parsed.line >= 1 && parsed.line <= lines + 1, 'bounds', `line ${parsed.line} of ${lines}`);
        return;
      }
      let paths = 0;
      walk(parsed.value, [], (path) => {
        const line = parsed.lineOf(path);
        demand(
          Number.isInteger(line) && line >= 1 && line <= lines,
          'bounds',
          `${JSON.stringify(path)} stands in line ${line} of ${lines}`,
        );
        paths += 1;
        return paths < MAX_PATHS;
      });
    },
  }),
};

/** @param visit false: it is enough */
function walk(
  value: unknown,
  path: readonly (string | number)[],
  visit: (path: readonly (string | number)[]) => boolean,
): boolean {
  if (!visit(path)) return false;
  if (typeof value !== 'object' || value === null) return true;
  // An alias may stand in what it names; the settings' readers go by their schemas, and not round in circles.
  if (path.length > MAX_DEPTH) return true;
  for (const [name, member] of Object.entries(value)) {
    if (!walk(member, [...path, Array.isArray(value) ? Number(name) : name], visit)) return false;
  }
  return true;
}
