import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { composeProblems } from './compose-problems.js';
import { BuildContext } from './image/build-context.js';
import { parseDockerfile } from './image/dockerfile.js';
import { ImageBuild } from './image/image-build.js';
import { imageProblems } from './image/image-problems.js';
import { runImage } from './image/image-run.js';

/**
 * Checks Dockerfile and docker-compose.yml without a container engine: follows the steps of the Dockerfile in an empty
 * directory, starts what comes out, asks after its health and ends it. The last line is JSON. As root the product runs as
 * the image's user.
 *
 *   npm run check:image -- --node /opt/node-24/bin/node
 */
const { values } = parseArgs({ options: { node: { type: 'string', default: process.execPath } } });
const node = path.resolve(values.node);
const searchPath = `${path.dirname(node)}:${process.env['PATH'] ?? ''}`;
const say = (text: string) => process.stdout.write(`${text}\n`);

const { stdout: version } = await promisify(execFile)(node, ['--version']);
const stages = parseDockerfile(await readFile('Dockerfile', 'utf8'));
const problems = composeProblems(
  await readFile('docker-compose.yml', 'utf8'),
  await readFile('.env.example', 'utf8'),
);
const wanted = new Set(stages.map(({ image }) => /^node:(\d+)/.exec(image)?.[1]));
const major = /^v(\d+)/.exec(version)?.[1];
if (wanted.size !== 1 || !wanted.has(major)) {
  say(`The image has Node ${[...wanted].join(', ')}, this is ${version.trim()}: use --node PATH.`);
}

const directory = await mkdtemp(path.join(tmpdir(), 'ringdrop-image-'));
let run = { secondsToHealthy: 0, secondsToEnd: 0 };
try {
  // The image's user must be able to enter.
  await chmod(directory, 0o755);
  const build = new ImageBuild({ context: new BuildContext('.'), directory, searchPath, onStep: say });
  const image = await build.build(stages);
  problems.push(...(await imageProblems(image)));
  const { problems: seen, ...figures } = await runImage(image, searchPath);
  problems.push(...seen);
  run = figures;
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error));
} finally {
  await rm(directory, { recursive: true, force: true });
}
for (const problem of problems) say(`✗ ${problem}`);
const ok = problems.length === 0;
const { secondsToHealthy: seconds_to_healthy, secondsToEnd: seconds_to_end } = run;
say(
  JSON.stringify({ node: version.trim(), problems: problems.length, seconds_to_healthy, seconds_to_end, ok }),
);
process.exitCode = ok ? 0 : 1;
