const common = {
  rootDir: '.',
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)(?<!\\.json)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.json' }] },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/dist-tools/'],
  restoreMocks: true,
};
const withPostgres = {
  ...common,
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
};

export default {
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/test/unit/**/*.spec.ts'] },
    { ...common, displayName: 'simulator', testMatch: ['<rootDir>/test/simulator/**/*.spec.ts'] },
    {
      ...withPostgres,
      displayName: 'storage',
      testMatch: ['<rootDir>/test/storage/**/*.spec.ts'],
      setupFiles: ['<rootDir>/test/support/through-pooler.mjs'],
    },
    { ...withPostgres, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'] },
    { ...withPostgres, displayName: 'browser', testMatch: ['<rootDir>/test/browser/**/*.spec.ts'] },
  ],
  maxWorkers: 3,
  testTimeout: 30_000,
  workerIdleMemoryLimit: '700MB',
};
