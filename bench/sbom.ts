import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { asRecord } from './fuzz/api-document.js';

/**
 * Writes the bill of materials of what an installation runs, CycloneDX 1.5 as npm makes it from the lock file, and checks
 * that each part has an exact version, a hash and a licence. The last line is JSON.
 *
 *   npm run sbom -- sbom.cdx.json
 */
const [file = 'sbom.cdx.json'] = process.argv.slice(2);
const { stdout } = await promisify(execFile)(
  'npm',
  [
    'sbom',
    '--sbom-format',
    'cyclonedx',
    '--sbom-type',
    'application',
    '--omit',
    'dev',
    '--package-lock-only',
  ],
  { maxBuffer: 64 << 20 },
);
const { components } = asRecord(JSON.parse(stdout));
const parts = Array.isArray(components) ? components.map(asRecord) : [];
const count = (isMissing: (part: ReturnType<typeof asRecord>) => boolean) => parts.filter(isMissing).length;
const figures = {
  components: parts.length,
  without_exact_version: count(({ version }) => !/^\d+\.\d+\.\d+/.test(String(version))),
  without_hash: count(({ hashes }) => !Array.isArray(hashes) || hashes.length === 0),
  without_licence: count(({ licenses }) => !Array.isArray(licenses) || licenses.length === 0),
};
await writeFile(file, stdout);
const { components: total, ...missing } = figures;
const ok = total > 0 && Object.values(missing).every((number) => number === 0);
process.stdout.write(`${JSON.stringify({ file, ...figures, ok })}\n`);
process.exitCode = ok ? 0 : 1;
