import type { Socket } from 'node:net';

/** Passes bytes both ways until one end closes; then closes the other. */
export function tie(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
}
