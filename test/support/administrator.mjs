import { readFile } from 'node:fs/promises';
import path from 'node:path';

export async function administratorUrl(applicationUrl, dataDir) {
  const url = new URL(applicationUrl);
  url.username = 'ringdrop';
  url.password = (await readFile(path.join(dataDir, 'postgres.password'), 'utf8')).trim();
  return url.href;
}
