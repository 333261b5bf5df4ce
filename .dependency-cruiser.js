/** Which room may import which (ARCHITECTURE.md, "Rooms"), and files that nothing uses. */
const rooms = {
  protocol: [],
  paths: [],
  socket: ['protocol', 'paths'],
  tokens: ['protocol', 'paths'],
  client: ['protocol'],
  cluster: ['protocol', 'tokens'],
  daemon: ['protocol', 'paths'],
  'schwab-sandbox': [],
};

export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, allowed]) => ({
      name: `${room}-imports`,
      comment: `packages/${room} may import ${allowed.length === 0 ? 'no other room' : allowed.join(', ')}`,
      severity: 'error',
      from: { path: `^packages/${room}/src/` },
      to: { path: '^(packages|apps)/', pathNot: [room, ...allowed].map((name) => `^packages/${name}/`) },
    })),
    {
      name: 'protocol-is-pure',
      comment: 'packages/protocol decides; it has no I/O, so it imports nothing of Node',
      severity: 'error',
      from: { path: '^packages/protocol/src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'packages-never-import-apps',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-are-independent',
      comment: 'the two daemons share packages and the socket, never code of each other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/src/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      comment: 'a file that nothing imports is dead, or a program: then it is called main.ts',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.test\\.ts$', '\\.d\\.ts$', '/main\\.ts$', '/index\\.ts$', '/tests/'] },
      to: {},
    },
    {
      name: 'tests-stay-out',
      comment: 'nothing that is shipped imports a test',
      severity: 'error',
      from: { path: '/src/', pathNot: '\\.test\\.ts$' },
      to: { path: ['\\.test\\.ts$', '/tests/'] },
    },
    { name: 'not-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '/dist/'] },
    exclude: { path: ['/dist/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};
