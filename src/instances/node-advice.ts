/** Sessions from which on it is felt. */
const MANY_SESSIONS = 200;
/** The first release that keeps an `AsyncLocalStorage` without a hook on every promise. */
const FAST_NODE = 24;

/**
 * Baileys 7.0.0-rc14 makes an `AsyncLocalStorage` for each socket. Before Node 24 each of them makes every promise of the
 * process dearer, so that the costs grow with the square of the sessions. `undefined`: all is well.
 */
export function slowNodeAdvice(sessions: number, nodeVersion: string): string | undefined {
  const isSlow = Number.parseInt(nodeVersion, 10) < FAST_NODE;
  return isSlow && sessions > MANY_SESSIONS
    ? 'This many sessions cost a multiple of processor time and memory before Node.js 24; please run Ringdrop on Node.js 24 or newer'
    : undefined;
}
