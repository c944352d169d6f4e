import type { LinkedCompanion } from './account.js';
import type { Connection } from './connection.js';
import type { DisconnectFault } from './types.js';

/** The phone's owner, or the device itself, removed the linked device: its keys are worth nothing from now on. */
export function endByRemoval(connection: Connection, { account, device }: LinkedCompanion): void {
  account.devices.delete(device.id);
  connection.sendLast({
    tag: 'stream:error',
    attrs: { code: '401' },
    content: [{ tag: 'conflict', attrs: { type: 'device_removed' } }],
  });
}

/** The same device logged in elsewhere. */
export function endByReplacement(connection: Connection): void {
  connection.sendLast({
    tag: 'stream:error',
    attrs: {},
    content: [{ tag: 'conflict', attrs: { type: 'replaced' } }],
  });
}

/** The server does not let the client in, or not any more. */
export function endByFailure(connection: Connection, reason: number): void {
  connection.sendLast({ tag: 'failure', attrs: { reason: String(reason), location: 'sim' } });
}

export function endByFault(connection: Connection, companion: LinkedCompanion, fault: DisconnectFault): void {
  switch (fault.kind) {
    case 'stream-error':
      return connection.sendLast({ tag: 'stream:error', attrs: { code: String(fault.code) } });
    case 'replaced':
      return endByReplacement(connection);
    case 'device-removed':
      return endByRemoval(connection, companion);
    case 'close':
      return connection.close(1011);
    case 'garbage':
      return connection.sendGarbage();
  }
}
