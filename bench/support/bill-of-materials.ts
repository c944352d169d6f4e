import { asRecord, type Json } from '../fuzz/api-document.js';

export interface BillFigures {
  readonly components: number;
  readonly without_exact_version: number;
  readonly without_hash: number;
  readonly without_licence: number;
  /** Breaches of the CycloneDX 1.5 shape, in words. */
  readonly problems: readonly string[];
}

const COMPONENT_TYPES = new Set(['application', 'framework', 'library']);
const SERIAL_NUMBER = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Checks a CycloneDX 1.5 document: required fields, unique references, and a dependency graph without loose ends. */
export function billFigures(bill: unknown): BillFigures {
  const document = asRecord(bill);
  const metadata = asRecord(document['metadata']);
  const main = asRecord(metadata['component']);
  const parts = records(document['components']);
  const dependencies = records(document['dependencies']);
  const references = new Set([main, ...parts].map((part) => String(part['bom-ref'])));
  const known = (reference: unknown): boolean => references.has(String(reference));
  const rules: readonly (readonly [string, boolean])[] = [
    ['bomFormat is not CycloneDX', document['bomFormat'] === 'CycloneDX'],
    ['specVersion is not 1.5', document['specVersion'] === '1.5'],
    ['serialNumber is no urn:uuid', SERIAL_NUMBER.test(String(document['serialNumber']))],
    [
      'version is no positive number',
      Number.isInteger(document['version']) && Number(document['version']) > 0,
    ],
    ['metadata.timestamp is no time', !Number.isNaN(Date.parse(String(metadata['timestamp'])))],
    ['a bom-ref is not unique', references.size === parts.length + 1],
    ['a component lacks name, type or purl', [main, ...parts].every(isComponent)],
    [
      'a dependency names no component',
      dependencies.every((one) => known(one['ref']) && list(one['dependsOn']).every(known)),
    ],
    ['a component is missing among the dependencies', dependencies.length === references.size],
  ];
  return {
    components: parts.length,
    without_exact_version: parts.filter(({ version }) => !/^\d+\.\d+\.\d+/.test(String(version))).length,
    without_hash: parts.filter(({ hashes }) => list(hashes).length === 0).length,
    without_licence: parts.filter(({ licenses }) => list(licenses).length === 0).length,
    problems: rules.filter(([, holds]) => !holds).map(([problem]) => problem),
  };
}

function isComponent({ name, type, purl }: Json): boolean {
  return (
    typeof name === 'string' &&
    name !== '' &&
    COMPONENT_TYPES.has(String(type)) &&
    String(purl).startsWith('pkg:npm/')
  );
}

function records(value: unknown): Json[] {
  return list(value).map(asRecord);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
