import type { LinkedCompanion } from './account.js';
import type { Connection } from './connection.js';
import { phoneJid } from './jids.js';
import type { SessionView } from './types.js';

/** The logged-in connections, one per linked device. */
export class SessionTable {
  private readonly byDevice = new Map<string, Connection>();
  private readonly loginCounts = new Map<string, number>();

  /** Returns the connection that this login replaces, if there was one. */
  open(connection: Connection, companion: LinkedCompanion): Connection | undefined {
    const key = keyOf(companion);
    const replaced = this.byDevice.get(key);
    const now = Date.now();
    if (replaced) {
      replaced.companion = undefined;
      replaced.record.replacedAt = now;
    }
    connection.companion = companion;
    connection.openedAt = now;
    connection.record.account = companion.account.number;
    connection.record.loggedInAt = now;
    this.byDevice.set(key, connection);
    const { number } = companion.account;
    this.loginCounts.set(number, this.loginCount(number) + 1);
    return replaced;
  }

  /** Returns the session that ended; `undefined` when this connection had none (any more). */
  close(connection: Connection): SessionView | undefined {
    const { companion } = connection;
    if (!companion) return undefined;
    const view = viewOf(connection, companion);
    connection.companion = undefined;
    this.byDevice.delete(keyOf(companion));
    return view;
  }

  find(companion: LinkedCompanion): Connection | undefined {
    return this.byDevice.get(keyOf(companion));
  }

  ofNumber(number: string): Connection[] {
    return [...this.byDevice.values()].filter(({ companion }) => companion?.account.number === number);
  }

  loginCount(number: string): number {
    return this.loginCounts.get(number) ?? 0;
  }

  get views(): SessionView[] {
    return [...this.byDevice.values()].flatMap((connection) =>
      connection.companion ? [viewOf(connection, connection.companion)] : [],
    );
  }
}

export function viewOf(connection: Connection, { account, device }: LinkedCompanion): SessionView {
  return {
    jid: phoneJid(account.number, device.id),
    lid: account.deviceLid(device.id),
    number: account.number,
    openedAt: connection.openedAt,
  };
}

function keyOf({ account, device }: LinkedCompanion): string {
  return phoneJid(account.number, device.id);
}
