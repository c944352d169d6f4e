import { tooFewOpenFiles } from './startup/open-files.js';

/** The oldest Node that has everything the product needs; checked before anything else is loaded. */
const OLDEST_NODE = [20, 19] as const;

const fewFiles = tooFewOpenFiles();
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `Ringdrop needs Node.js ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.\n`,
  );
  process.exitCode = 1;
} else if (fewFiles !== undefined) {
  process.stderr.write(`${fewFiles}\n`);
  process.exitCode = 1;
} else {
  const { run } = await import('./startup/run.js');
  await run();
}
