import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect, createServer } from 'node:net';

const SERVER = '/usr/sbin/nats-server';
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 25;

/** A broker of its own on a port that stays the same over its lives. */
export class TestNats {
  private process: ChildProcess | undefined;

  private constructor(private readonly port: number) {}

  static async start(): Promise<TestNats> {
    const nats = new TestNats(await freePort());
    await nats.start();
    return nats;
  }

  /** For `NATS_URL`. */
  get url(): string {
    return `nats://ringdrop:broker-secret@127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = [
      '-a',
      '127.0.0.1',
      '-p',
      String(this.port),
      '--user',
      'ringdrop',
      '--pass',
      'broker-secret',
    ];
    this.process = spawn(SERVER, options, { stdio: 'ignore' });
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await isListening(this.port))) {
      if (Date.now() > deadline) throw new Error('nats-server does not listen');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Ends it without a goodbye; may be called twice. */
  async kill(): Promise<void> {
    const { process } = this;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
  }
}

/** False: the Debian package nats-server is not installed. */
export function hasNatsServer(): boolean {
  try {
    accessSync(SERVER, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no free port');
  return address.port;
}
