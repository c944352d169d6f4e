import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { inside, type BuiltImage } from './image-build.js';

/** What the HEALTHCHECK of the Dockerfile gives a container to start. */
const START_TIMEOUT_MS = 60_000;
/** What `docker stop` gives a container to end. */
const STOP_TIMEOUT_MS = 10_000;
const LISTENING = /^Ringdrop is listening on/m;

/** What was seen of a container. */
export interface ImageRun {
  /** Empty = all is well. */
  readonly problems: readonly string[];
  readonly secondsToHealthy: number;
  readonly secondsToEnd: number;
}

/**
 * Starts what was built as its user, on a free port of the loopback address, with nothing but the image's variables and an
 * empty data volume; asks after its health with the image's own command; and ends it with the image's own signal.
 */
export async function runImage(image: BuiltImage, searchPath: string): Promise<ImageRun> {
  const port = await freePort();
  const env = {
    ...image.env,
    PATH: searchPath,
    HOST: '127.0.0.1',
    PORT: String(port),
    DATA_DIR: inside(image, image.env['DATA_DIR'] ?? 'data'),
    LOG_LEVEL: 'warn',
    // Nothing is asked of the internet here.
    WHATSAPP_WEB_VERSION_REFRESH: 'false',
  };
  const start = (command: readonly string[]) => {
    const [file = '', ...args] = command;
    return spawn(file, args, {
      cwd: inside(image, '.'),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity(image.user),
    });
  };
  const isHealthy = async () => {
    const probe = start(image.healthcheck);
    await once(probe, 'close');
    return probe.exitCode === 0;
  };

  const problems: string[] = [];
  if (await isHealthy()) problems.push('HEALTHCHECK says healthy although nothing runs');
  const startedMs = performance.now();
  const product = start(image.command);
  const output = outputOf(product);
  const ended = once(product, 'close');
  while (product.exitCode === null && !(await isHealthy())) {
    if (performance.now() - startedMs > START_TIMEOUT_MS) break;
    await sleep(250);
  }
  const secondsToHealthy = secondsSince(startedMs);
  if (product.exitCode !== null || !(await isHealthy())) problems.push(`it is not healthy:\n${output()}`);
  else problems.push(...(await answersOf(`http://127.0.0.1:${port}`)));
  if (!LISTENING.test(output())) problems.push('it does not say where it listens');

  const stoppedMs = performance.now();
  product.kill(image.stopSignal as NodeJS.Signals);
  const isOver = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false)]);
  if (!isOver) product.kill('SIGKILL');
  await ended;
  if (!isOver || product.exitCode !== 0)
    problems.push(`${image.stopSignal} did not end it well:\n${output()}`);
  if (await isHealthy()) problems.push('HEALTHCHECK says healthy although it has ended');
  return { problems, secondsToHealthy, secondsToEnd: secondsSince(stoppedMs) };
}

/** The pages show that the assets were built in, too. */
async function answersOf(url: string): Promise<string[]> {
  const problems: string[] = [];
  for (const route of ['/health', '/docs', '/console']) {
    const { status } = await fetch(url + route);
    if (status !== 200) problems.push(`GET ${route} answers ${status}`);
  }
  return problems;
}

/** Only root may become somebody else. */
function identity(user: string): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid = uid] = user.split(':').map(Number);
  if (!uid || !gid) throw new Error(`USER ${user} should be two numbers that are not 0`);
  return { uid, gid };
}

function outputOf({ stdout, stderr }: ChildProcess): () => string {
  let output = '';
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8').on('data', (more: string) => (output += more));
  }
  return () => output;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('there is no free port');
  return address.port;
}

function secondsSince(startMs: number): number {
  return Math.round((performance.now() - startMs) / 100) / 10;
}
