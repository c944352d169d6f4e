import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { billFigures } from './support/bill-of-materials.js';

/**
 * Writes the bill of materials of what an installation runs, CycloneDX 1.5 as npm makes it from the lock file, and checks its
 * shape and that each part has an exact version, a hash and a licence. The last line is JSON.
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
const { problems, ...figures } = billFigures(JSON.parse(stdout));
await writeFile(file, stdout);
const { components, ...missing } = figures;
const ok = problems.length === 0 && components > 0 && Object.values(missing).every((number) => number === 0);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${JSON.stringify({ file, ...figures, problems: problems.length, ok })}\n`);
process.exitCode = ok ? 0 : 1;
