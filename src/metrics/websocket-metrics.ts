import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { EventSockets } from '../live/event-sockets.js';
import { DROP_REASONS, WebSocketDropped } from '../live/event-socket.js';
import { MetricsRegistry } from './metrics-registry.js';

/** Who listens to events live. */
@Injectable()
export class WebSocketMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
    private readonly sockets: EventSockets,
  ) {}

  onModuleInit(): void {
    const clients = this.metrics.gauge({
      name: 'ringdrop_websocket_clients',
      help: 'WebSocket clients that are connected to this process',
      collect: () => {
        clients.set(this.sockets.all().length);
      },
    });
    const drops = this.metrics.counter({
      name: 'ringdrop_websocket_drops_total',
      help: 'WebSocket clients that were cut off: too_slow = too much unread, silent = no answer to a ping',
      labelNames: ['reason'],
    });
    for (const reason of DROP_REASONS) drops.inc({ reason }, 0);
    this.events.on(WebSocketDropped, ({ reason }) => drops.inc({ reason }));
  }
}
