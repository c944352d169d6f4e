import { billFigures } from '../../../bench/support/bill-of-materials.js';

const part = (name: string) => ({
  'bom-ref': `${name}@1.0.0`,
  type: 'library',
  name,
  version: '1.0.0',
  purl: `pkg:npm/${name}@1.0.0`,
  hashes: [{ alg: 'SHA-512', content: 'ab' }],
  licenses: [{ license: { id: 'MIT' } }],
});
const good = () => ({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  serialNumber: 'urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79',
  version: 1,
  metadata: { timestamp: '2026-01-01T00:00:00.000Z', component: { ...part('product'), type: 'application' } },
  components: [part('a'), part('b')],
  dependencies: [
    { ref: 'product@1.0.0', dependsOn: ['a@1.0.0'] },
    { ref: 'a@1.0.0', dependsOn: ['b@1.0.0'] },
    { ref: 'b@1.0.0' },
  ],
});

describe('the bill of materials', () => {
  it('is good with all that CycloneDX asks for', () => {
    expect(billFigures(good())).toEqual({
      components: 2,
      without_exact_version: 0,
      without_hash: 0,
      without_licence: 0,
      problems: [],
    });
  });

  it.each<[string, (bill: ReturnType<typeof good>) => void]>([
    ['bomFormat is not CycloneDX', (bill) => (bill.bomFormat = 'SPDX')],
    ['serialNumber is no urn:uuid', (bill) => (bill.serialNumber = '17')],
    ['metadata.timestamp is no time', (bill) => (bill.metadata.timestamp = 'today')],
    ['a bom-ref is not unique', (bill) => (bill.components[1] = part('a'))],
    ['a component lacks name, type or purl', (bill) => Object.assign(bill.components[0] ?? {}, { purl: '' })],
    [
      'a dependency names no component',
      (bill) => Object.assign(bill.dependencies[0] ?? {}, { dependsOn: ['x'] }),
    ],
    ['a component is missing among the dependencies', (bill) => bill.dependencies.pop()],
  ])('is told that %s', (problem, spoil) => {
    const bill = good();
    spoil(bill);
    expect(billFigures(bill).problems).toContain(problem);
  });

  it('counts parts without exact version, hash or licence', () => {
    const bill = {
      ...good(),
      components: [{ ...part('a'), version: '^1', hashes: [], licenses: undefined }],
    };
    expect(billFigures(bill)).toMatchObject({
      without_exact_version: 1,
      without_hash: 1,
      without_licence: 1,
    });
  });
});
