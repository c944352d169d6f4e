import type { WASocket } from '@whiskeysockets/baileys';
import WebSocket from 'ws';
import type { Clock, Timer } from '../../common/time/clock.js';

/** A socket that takes nothing for so long is lost. */
const LONGEST_WRITE_MS = 20_000;

/**
 * Asks before each frame leaves, at the lowest place that all frames of a socket pass. One that must not leave ends the
 * socket: a frame that is merely left out would break the count of the Noise cipher. Baileys 7.0.0-rc14 keeps the WebSocket
 * in a field of its client. `cut` ends the socket without waiting for the other side.
 */
export function guardWire(
  { ws }: Pick<WASocket, 'ws'>,
  mayWrite: () => boolean,
  clock: Clock,
): { cut(): void } {
  const wire: unknown = Reflect.get(ws, 'socket');
  if (!(wire instanceof WebSocket)) throw new TypeError('The socket of the library has no WebSocket');
  const send = wire.send.bind(wire) as (...given: unknown[]) => void;
  const unwritten = new Set<Done>();
  let deadline: Timer | undefined;
  const giveUp = (): void => {
    // Of a frame that is under way Node says that it is written when its socket is destroyed.
    for (const end of [...unwritten]) end(new Error('The socket took nothing for too long'));
    wire.terminate();
  };
  wire.send = (data: unknown, ...rest: unknown[]): void => {
    const given = rest.at(-1);
    const done = isCallback(given) ? given : undefined;
    if (!mayWrite()) {
      wire.terminate();
      // Whoever sends waits for the answer.
      done?.(new Error('This process no longer holds the session'));
      return;
    }
    const end: Done = (error) => {
      if (!unwritten.delete(end)) return;
      deadline?.cancel();
      deadline = unwritten.size > 0 ? clock.schedule(LONGEST_WRITE_MS, giveUp) : undefined;
      done?.(error);
    };
    unwritten.add(end);
    deadline ??= clock.schedule(LONGEST_WRITE_MS, giveUp);
    send(data, ...(done ? rest.slice(0, -1) : rest), end);
  };
  return { cut: () => wire.terminate() };
}

type Done = (error?: Error | null) => void;

function isCallback(value: unknown): value is Done {
  return typeof value === 'function';
}
