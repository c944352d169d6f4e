import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startTestPostgres } from '../../support/postgres.js';
import { Stage } from '../../support/stage.js';
import { launchChromium } from '../support/chromium.js';
import { consolePicture, pairingPagePicture, swaggerPicture } from './scenes.js';

const DIRECTORY = path.resolve('docs/pictures');
const MAX_BYTES = 200_000;

/** Takes the pictures of the documentation from the real pages; `PORT` is shown in them. */
const postgres = await startTestPostgres();
process.env.TEST_DATABASE_URL = postgres.url;
const stage = await Stage.open({ PORT: process.env.PORT ?? '3000', WEBHOOK_ALLOW_PRIVATE: 'true' });
const browser = await launchChromium();
try {
  await mkdir(DIRECTORY, { recursive: true });
  await save('swagger.png', await swaggerPicture(stage, browser));
  await save('pairing-page.png', await pairingPagePicture(stage, browser));
  await save('console.png', await consolePicture(stage, browser));
} finally {
  await browser.close();
  await stage.close();
  await postgres.stop();
}

async function save(name: string, picture: Buffer): Promise<void> {
  if (picture.length > MAX_BYTES)
    throw new Error(`${name} has ${picture.length} bytes, more than ${MAX_BYTES}`);
  await writeFile(path.join(DIRECTORY, name), picture);
  process.stdout.write(`docs/pictures/${name}: ${Math.ceil(picture.length / 1000)} kB\n`);
}
