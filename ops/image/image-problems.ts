import { access, readFile } from 'node:fs/promises';
import { inside, type BuiltImage } from './image-build.js';

/** What is wrong with a built image, besides what shows when it runs. */
export async function imageProblems(image: BuiltImage): Promise<string[]> {
  const problems: string[] = [];
  if (!/^[1-9]\d*(:[1-9]\d*)?$/.test(image.user)) problems.push('USER must be a number other than 0');
  if (image.healthcheck.length === 0) problems.push('there is no HEALTHCHECK');
  if (image.command[0] !== 'node') problems.push('CMD must start node itself, so that it gets the signals');
  if (image.env['NODE_ENV'] !== 'production') problems.push('NODE_ENV must be production');
  if (!image.volumes.includes(image.env['DATA_DIR'] ?? '')) problems.push('DATA_DIR must be a VOLUME');
  for (const name of await developmentPackages(image)) {
    if (await exists(inside(image, `node_modules/${name}`)))
      problems.push(`${name} is of no use in production`);
  }
  return problems;
}

async function developmentPackages(image: BuiltImage): Promise<string[]> {
  const manifest: unknown = JSON.parse(await readFile(inside(image, 'package.json'), 'utf8'));
  const isManifest = typeof manifest === 'object' && manifest !== null && 'devDependencies' in manifest;
  const names = isManifest ? Object.keys(manifest.devDependencies ?? {}) : [];
  // Some libraries bring their types along.
  return names.filter((name) => !name.startsWith('@types/'));
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
