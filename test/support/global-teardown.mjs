import { rm } from 'node:fs/promises';

export default async function tearDown() {
  const running = globalThis.ringdropTestPostgres;
  if (!running) return;
  globalThis.ringdropTestPostgres = undefined;
  await running.pooler?.stop();
  await running.server.stop();
  await rm(running.dataDir, { recursive: true, force: true });
}
