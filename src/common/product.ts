import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const PRODUCT_NAME = 'Ringdrop';

/** The version of the package that this file belongs to. Source and build lie at different depths below it. */
export const PRODUCT_VERSION = versionAbove(import.meta.dirname);

function versionAbove(directory: string): string {
  const file = path.join(directory, 'package.json');
  if (existsSync(file)) {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
  }
  const parent = path.dirname(directory);
  return parent === directory ? 'unknown' : versionAbove(parent);
}
