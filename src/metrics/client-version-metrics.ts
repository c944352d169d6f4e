import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Clock } from '../common/time/clock.js';
import { versionText } from '../whatsapp/client-version/client-version.js';
import { ClientVersionRefused, ClientVersions } from '../whatsapp/client-version/client-versions.js';
import { MetricsRegistry } from './metrics-registry.js';

/** Which version of WhatsApp Web sessions send, how old it is, and how often WhatsApp refused it. */
@Injectable()
export class ClientVersionMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
    @Inject(ClientVersions) private readonly versions: Pick<ClientVersions, 'current'>,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const info = this.metrics.gauge({
      name: 'ringdrop_whatsapp_web_version_info',
      help: 'Always 1; the version of WhatsApp Web that sessions send, and where it is known from',
      labelNames: ['version', 'source'],
      collect: () => {
        const { revision, source } = this.versions.current;
        info.reset();
        info.set({ version: versionText(revision), source }, 1);
      },
    });
    const age = this.metrics.gauge({
      name: 'ringdrop_whatsapp_web_version_age_seconds',
      help: 'Time since WhatsApp Web itself is known to have used that version; not a number for one that was set by hand',
      collect: () => {
        const { currentAt } = this.versions.current;
        age.set(currentAt ? (this.clock.now().getTime() - currentAt.getTime()) / 1000 : NaN);
      },
    });
    const refusals = this.metrics.counter({
      name: 'ringdrop_client_version_refused_total',
      help: 'Connections that WhatsApp refused because of the version of the client (405)',
    });
    this.events.on(ClientVersionRefused, () => refusals.inc());
  }
}
