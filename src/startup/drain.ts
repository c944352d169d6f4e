import type { Server } from 'node:http';

const GRACE_MS = 3000;
const IDLE_CHECK_MS = 50;

/** Takes no new connection, lets running requests end, and cuts what is left after 3 seconds. */
export async function drain(server: Server): Promise<void> {
  // A connection that was busy when the server closed becomes idle later, and would be kept open for the next request.
  const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idleCheck);
  clearTimeout(cut);
}
