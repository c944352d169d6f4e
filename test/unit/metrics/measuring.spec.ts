import { CallHungUp } from '../../../src/calls/events.js';
import { RequestAnswered } from '../../../src/common/http/request-answered.event.js';
import {
  DeliverySettled,
  WebhookSwitchedOff,
  type DueDelivery,
} from '../../../src/deliveries/due-delivery.js';
import { WebSocketDropped } from '../../../src/live/event-socket.js';
import { InstanceStateChanged } from '../../../src/instances/instance-state-changed.event.js';
import { SystemClock } from '../../../src/common/time/system-clock.js';
import { ClientVersionRefused } from '../../../src/whatsapp/client-version/client-versions.js';
import { AllMetrics } from './support/all-metrics.js';

const AT = new Date('2026-01-01T00:00:10Z');
const SHOP = { id: 'i1', accountId: 'a1', name: 'shop' };
const DELIVERY: DueDelivery = {
  webhookId: 'w1',
  lane: 'l1',
  deliveryId: 'd1',
  eventId: 'e1',
  event: 'call.update',
  body: '{}',
  attempts: 0,
  queuedSeconds: 0.2,
  instanceId: 'i1',
  accountId: 'a1',
  instance: 'shop',
  label: 'default',
  enabled: true,
  isFailing: false,
  configuredAt: new Date('2026-01-01T00:00:00Z'),
  url: 'https://example.com',
  byEvents: false,
  sealedUrl: null,
  headers: null,
  authorizationValue: null,
  secret: null,
  previousSecret: null,
};

describe('measuring', () => {
  let all: AllMetrics;
  beforeEach(() => {
    all = new AllMetrics();
  });
  afterEach(() => all.close());

  const lines = async () => (await all.metrics.text()).split('\n');
  const lost = (code: number, retryAt: Date | null) => {
    const signal = {
      type: 'disconnected',
      instanceId: 'i1',
      at: AT,
      code,
      reason: 'gone 5511999999999',
      retryAt,
    } as const;
    return all.events.publish(new InstanceStateChanged(SHOP, 'connected', 'disconnected', signal));
  };

  it('counts reconnects by a reason of a fixed set, and no disconnect after which nobody tries again', async () => {
    await lost(503, AT);
    await lost(440, AT);
    await lost(418, AT);
    await lost(428, null);
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'ringdrop_session_reconnects_total{reason="unavailable"} 1',
        'ringdrop_session_reconnects_total{reason="replaced"} 1',
        'ringdrop_session_reconnects_total{reason="other"} 1',
        'ringdrop_session_reconnects_total{reason="connection_closed"} 0',
      ]),
    );
  });

  it('shows the client version, its age and its refusals', async () => {
    await all.clock.advance(60_000);
    await all.events.publish(new ClientVersionRefused(1043857760));
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'ringdrop_whatsapp_web_version_info{version="2.3000.1043857760",source="built-in"} 1',
        'ringdrop_whatsapp_web_version_age_seconds 60',
        'ringdrop_client_version_refused_total 1',
      ]),
    );
    all.versions.current = { revision: 1043857761, source: 'environment', currentAt: null };
    const text = await all.metrics.text();
    expect(text).toContain('{version="2.3000.1043857761",source="environment"} 1');
    expect(text).not.toContain('2.3000.1043857760');
    expect(text).toMatch(/^ringdrop_whatsapp_web_version_age_seconds NaN$/im);
  });

  it('takes a hang-up that came early for what it is', async () => {
    await all.events.publish(new CallHungUp(AT, new Date(AT.getTime() - 200)));
    await all.events.publish(new CallHungUp(AT, new Date(AT.getTime() + 30)));
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'ringdrop_call_hang_up_drift_seconds_bucket{le="-1"} 0',
        'ringdrop_call_hang_up_drift_seconds_bucket{le="-0.1"} 1',
        'ringdrop_call_hang_up_drift_seconds_bucket{le="0.025"} 1',
        'ringdrop_call_hang_up_drift_seconds_bucket{le="0.05"} 2',
      ]),
    );
  });

  it('counts tries of webhooks, and times the first of each delivery only', async () => {
    const retry = { kind: 'retry', status: 500, error: 'HTTP 500', delayMs: 5000 } as const;
    const delivered = { kind: 'delivered', status: 200 } as const;
    const dead = { kind: 'dead', status: null, error: 'webhook_disabled' } as const;
    await all.events.publish(new DeliverySettled(DELIVERY, { kind: 'released' }));
    await all.events.publish(new DeliverySettled(DELIVERY, retry));
    await all.events.publish(new DeliverySettled({ ...DELIVERY, attempts: 1 }, delivered));
    await all.events.publish(new DeliverySettled({ ...DELIVERY, enabled: false }, dead));
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'ringdrop_webhook_attempts_total{result="delivered"} 1',
        'ringdrop_webhook_attempts_total{result="retry"} 1',
        'ringdrop_webhook_attempts_total{result="dead"} 0',
        'ringdrop_webhook_first_attempt_delay_seconds_count 1',
        'ringdrop_webhook_first_attempt_delay_seconds_sum 0.2',
      ]),
    );
  });

  it('counts webhooks that are switched off', async () => {
    expect(await lines()).toContain('ringdrop_webhooks_disabled_total 0');
    const { webhookId, instanceId, accountId, instance, label } = DELIVERY;
    const webhook = { webhookId, instanceId, accountId, instance, label, reason: 'gone', at: AT };
    await all.events.publish(new WebhookSwitchedOff(webhook));
    expect(await lines()).toContain('ringdrop_webhooks_disabled_total 1');
  });

  it('counts requests and dropped WebSockets', async () => {
    await all.events.publish(new RequestAnswered('GET', '/api/instance/list', 200, 7));
    await all.events.publish(new WebSocketDropped('too_slow'));
    expect(await lines()).toEqual(
      expect.arrayContaining([
        'ringdrop_http_request_duration_seconds_count{method="GET",route="/api/instance/list",status="200"} 1',
        'ringdrop_http_request_duration_seconds_bucket{le="0.01",method="GET",route="/api/instance/list",status="200"} 1',
        'ringdrop_websocket_drops_total{reason="too_slow"} 1',
      ]),
    );
  });

  it('shows how long the process was busy', async () => {
    await new SystemClock().sleep(50);
    const until = performance.now() + 200;
    while (performance.now() < until);
    await new SystemClock().sleep(50);
    expect(await lines()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ringdrop_event_loop_delay_seconds\{stat="max"\} (0\.1[5-9]|0\.[2-9]|[1-9])/),
      ]),
    );
  });

  it('tells what it knows without the database, and leaves out the rest', async () => {
    const text = await all.metrics.text();
    expect(text).toContain('ringdrop_database_pool_connections{state="in_use"} 1');
    expect(text).toContain('ringdrop_calls_ended_total{outcome="completed"} 0');
    const stored = [
      'ringdrop_calls_live',
      'ringdrop_sessions',
      'ringdrop_instances_restricted',
      'ringdrop_webhook_deliveries',
    ];
    for (const name of stored) {
      expect(text).toContain(`# TYPE ${name} gauge`);
      expect(text).not.toMatch(new RegExp(`^${name}[ {]`, 'm'));
    }
  });
});
