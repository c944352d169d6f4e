/** The floors of the house: a folder imports from floors under its own, never from above and never from a neighbour. */
const floors = [
  ['common', 'config'],
  ['cluster'],
  ['accounts', 'whatsapp'],
  ['auth'],
  ['webhooks/store', 'webhooks/sending'],
  ['instances'],
  ['calls'],
  ['deliveries'],
  ['webhooks/api', 'live'],
  ['metrics', 'health', 'pairing-page', 'console'],
];

const forbidden = floors.flatMap((rooms, floor) =>
  rooms.map((room) => {
    const above = floors.slice(floor + 1).flat();
    const neighbours = floor === 0 ? [] : rooms.filter((other) => other !== room);
    const closed = [...above, ...neighbours, 'database', 'keys', 'startup', 'main', 'app'];
    return {
      name: `floor-${room.replace('/', '-')}`,
      severity: 'error',
      comment: `src/${room} may import only from floors under it`,
      from: { path: `^src/${room}/` },
      to: { path: `^src/(${closed.join('|')})(/|\\.)` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...forbidden,
    { name: 'no-cycles', severity: 'error', from: { pathNot: '\\.entity\\.ts$' }, to: { circular: true } },
    {
      name: 'baileys-stays-in-its-folder',
      severity: 'error',
      comment: 'Library types stop at the adapter',
      from: { path: '^src/', pathNot: '^src/whatsapp/(baileys|session-store)/' },
      to: { path: 'node_modules/(@whiskeysockets/baileys|libsignal)' },
    },
    {
      name: 'one-importer-of-the-adapter',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/whatsapp/(baileys/|whatsapp\\.module\\.ts)' },
      to: { path: '^src/whatsapp/baileys/' },
    },
    {
      name: 'simulator-knows-nothing-of-the-product',
      severity: 'error',
      from: { path: '^test/simulator/' },
      to: { path: '^(src|ormconfig)' },
    },
    {
      name: 'product-knows-no-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|ops)/' },
    },
    {
      name: 'no-undeclared',
      severity: 'error',
      from: { path: '^(src|test|bench|ops)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
