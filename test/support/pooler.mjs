// PgBouncer in transaction mode in front of a PostgreSQL server: what stands behind many a DATABASE_URL.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POOLER = '/usr/sbin/pgbouncer';
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 25;

/** False: the Debian package pgbouncer is not installed. */
export function hasPooler() {
  try {
    accessSync(POOLER, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} serverUrl of a role with a password
 * @param {{ uid: number, gid: number }} account the pooler runs as, for root: it refuses to be root
 * @param {number} poolSize connections to the server for each database
 */
export async function startPooler(serverUrl, account, poolSize = 20) {
  const directory = await mkdtemp(path.join(tmpdir(), 'ringdrop-pooler-'));
  const port = await freePort();
  const { username, password, hostname, port: serverPort } = new URL(serverUrl);
  const files = {
    users: `"${username}" "${decodeURIComponent(password)}"\n`,
    config: `[databases]
* = host=${decodeURIComponent(hostname)} port=${serverPort}
[pgbouncer]
pool_mode = transaction
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${path.join(directory, 'users')}
max_client_conn = 1000
default_pool_size = ${poolSize}
; Each spec has a database of its own, and the server takes a hundred connections for all of them.
server_idle_timeout = 1
server_login_retry = 1
log_connections = 0
log_disconnections = 0
`,
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(directory, name);
    await writeFile(file, text, { mode: 0o600 });
    if (process.getuid?.() === 0) await chown(file, account.uid, account.gid);
  }
  await chmod(directory, 0o755);
  const child = spawn(POOLER, ['-q', path.join(directory, 'config')], {
    ...(process.getuid?.() === 0 && account),
    cwd: '/',
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error('pgbouncer does not listen');
    await sleep(POLL_MS);
  }
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${port}`;
  url.search = '';
  return {
    url: url.href,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
