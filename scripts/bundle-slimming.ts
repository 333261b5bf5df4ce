/**
 * Leaves out of the bundles what the daemons load but never use. Each line is worth its place in start time or idle
 * memory, measured with `npm run bench`; without this plugin everything works the same, only heavier.
 */
import type { Plugin } from 'esbuild';

/** All of date-fns (250 kB) comes with pino-roll, which uses these. */
const DATE_FNS = ['format', 'addDays', 'addHours', 'parse', 'isValid'];

const replacements: Readonly<Record<string, string>> = {
  'date-fns': DATE_FNS.map((name) => `exports.${name} = require('date-fns/${name}').${name};`).join('\n'),
  // commander loads it at once, for commands that are programs of their own; we have none. 1.6 MB.
  'node:child_process': "exports.spawn = (...args) => process.getBuiltinModule('child_process').spawn(...args);",
  // axios takes these for multipart forms and for the browser's fetch; we send one short form over node:http.
  'form-data': 'module.exports = class FormData {};',
};

export const slimming: Plugin = {
  name: 'slimming',
  setup(build) {
    build.onResolve({ filter: /^(date-fns|node:child_process|form-data)$/ }, ({ path }) => ({
      path,
      namespace: 'slim',
    }));
    build.onLoad({ filter: /.*/, namespace: 'slim' }, ({ path }) => ({
      contents: replacements[path] ?? '',
      resolveDir: process.cwd(),
    }));
    // Looking for the global fetch makes Node load its implementation: 10 MB.
    build.onLoad({ filter: /axios\/lib\/adapters\/fetch\.js$/ }, () => ({
      contents: 'export const getFetch = () => false; export default false;',
    }));
  },
};
