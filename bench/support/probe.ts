// Loaded with `node --import` before the program that is measured: reports its memory, CPU time and event loop over a socket.
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EventLoopWatch } from './event-loop-watch.js';

const { PROBE_SOCKET } = process.env;
if (!PROBE_SOCKET) throw new Error('PROBE_SOCKET is needed');
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const loop = new EventLoopWatch();

const server = createServer((socket) => {
  const { user, system } = process.cpuUsage();
  socket.once('data', (data) => {
    const kind = data.toString();
    if (kind === 'memory') {
      collectGarbage();
      collectGarbage();
    }
    const { rss, heapUsed, external } = process.memoryUsage();
    const cpuMs = (user + system) / 1000;
    socket.end(JSON.stringify({ cpuMs, loop: loop.delay, rss, heapUsed, external }));
    if (kind === 'reset') loop.reset();
  });
  socket.on('error', () => undefined);
});
rmSync(PROBE_SOCKET, { force: true }); // of a process that was killed
server.listen(PROBE_SOCKET);
server.unref();
