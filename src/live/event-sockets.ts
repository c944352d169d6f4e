import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { AppConfig } from '../config/app-config.js';
import {
  CLOSE_CODES,
  type CloseCode,
  type EventSocket,
  type SocketOwner,
  WebSocketDropped,
} from './event-socket.js';
import {
  MAX_SOCKETS_PER_INSTANCE,
  TooManyAccountWebSockets,
  TooManyWebSockets,
  WebSocketsClosing,
} from './websocket.errors.js';

/** All open WebSockets of this process, by instance. */
@Injectable()
export class EventSockets implements BeforeApplicationShutdown {
  private readonly byInstance = new Map<string, Set<EventSocket>>();
  private readonly countByAccount = new Map<string, number>();
  private isClosed = false;

  constructor(
    private readonly events: EventBus,
    private readonly config: AppConfig,
  ) {}

  /** @throws TooManyWebSockets, TooManyAccountWebSockets, WebSocketsClosing */
  requirePlace({ accountId, instanceId }: Omit<SocketOwner, 'token'>): void {
    if (this.isClosed) throw new WebSocketsClosing();
    if (this.socketsOf(instanceId).length >= MAX_SOCKETS_PER_INSTANCE) throw new TooManyWebSockets();
    const { maxWebSocketsPerAccount } = this.config;
    if ((this.countByAccount.get(accountId) ?? 0) >= maxWebSocketsPerAccount)
      throw new TooManyAccountWebSockets(maxWebSocketsPerAccount);
  }

  /** Keeps the socket until it is closed. */
  add(socket: EventSocket): void {
    const { accountId, instanceId } = socket.owner;
    this.count(accountId, 1);
    const sockets = this.byInstance.get(instanceId) ?? new Set();
    this.byInstance.set(instanceId, sockets.add(socket));
    void socket.closed.then(() => {
      this.count(accountId, -1);
      sockets.delete(socket);
      if (sockets.size === 0 && this.byInstance.get(instanceId) === sockets) {
        this.byInstance.delete(instanceId);
      }
      const { dropReason } = socket;
      if (dropReason !== undefined) void this.events.publish(new WebSocketDropped(dropReason));
    });
  }

  /** Sends an event to all who listen to the instance. */
  send(instanceId: string, event: string, text: string): void {
    for (const socket of this.byInstance.get(instanceId) ?? []) socket.send(event, text);
  }

  all(): EventSocket[] {
    return [...this.byInstance.values()].flatMap((sockets) => [...sockets]);
  }

  socketsOf(instanceId: string): EventSocket[] {
    return [...(this.byInstance.get(instanceId) ?? [])];
  }

  /** Says goodbye to all sockets of the owners that match. */
  closeWhere(matches: (owner: SocketOwner) => boolean, code: CloseCode, reason: string): void {
    for (const socket of this.all()) if (matches(socket.owner)) socket.close(code, reason);
  }

  /** Says goodbye to everybody, takes nobody in any more, and resolves when the last connection is gone. */
  async closeAll(): Promise<void> {
    this.isClosed = true;
    const sockets = this.all();
    for (const socket of sockets) socket.close(CLOSE_CODES.goingAway, 'The service is shutting down');
    await Promise.all(sockets.map(({ closed }) => closed));
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.closeAll();
  }

  private count(accountId: string, change: 1 | -1): void {
    const open = (this.countByAccount.get(accountId) ?? 0) + change;
    if (open > 0) this.countByAccount.set(accountId, open);
    else this.countByAccount.delete(accountId);
  }
}
