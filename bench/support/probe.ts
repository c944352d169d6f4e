// Loaded with `node --import` before the program that is measured: tells its memory and CPU time over a socket.
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const { PROBE_SOCKET } = process.env;
if (!PROBE_SOCKET) throw new Error('PROBE_SOCKET is needed');
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const server = createServer((socket) => {
  const { user, system } = process.cpuUsage();
  socket.once('data', (wish) => {
    if (wish.toString() === 'memory') {
      collectGarbage();
      collectGarbage();
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    socket.end(JSON.stringify({ cpuMs: (user + system) / 1000, rss, heapUsed, external }));
  });
  socket.on('error', () => undefined);
});
rmSync(PROBE_SOCKET, { force: true }); // of a process that was killed
server.listen(PROBE_SOCKET);
server.unref();
