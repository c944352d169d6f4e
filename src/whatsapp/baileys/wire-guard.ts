import type { WASocket } from '@whiskeysockets/baileys';
import WebSocket from 'ws';

/**
 * Asks before each frame leaves, at the lowest place that all frames of a socket pass. One that must not leave ends the
 * socket: a frame that is merely left out would break the count of the Noise cipher. Baileys 7.0.0-rc14 keeps the WebSocket
 * in a field of its client. `cut` ends the socket without waiting for the other side.
 */
export function guardWire({ ws }: Pick<WASocket, 'ws'>, mayWrite: () => boolean): { cut(): void } {
  const wire: unknown = Reflect.get(ws, 'socket');
  if (!(wire instanceof WebSocket)) throw new TypeError('The socket of the library has no WebSocket');
  const send = wire.send.bind(wire) as (...given: unknown[]) => void;
  wire.send = (...given: unknown[]): void => {
    if (mayWrite()) return send(...given);
    wire.terminate();
    const done = given.at(-1);
    // Whoever sends waits for the answer.
    if (isCallback(done)) done(new Error('This process no longer holds the session'));
  };
  return { cut: () => wire.terminate() };
}

function isCallback(value: unknown): value is (error: Error) => void {
  return typeof value === 'function';
}
