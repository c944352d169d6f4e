import { EventBus } from '../../../src/common/events/event-bus.js';
import { InstanceDeleted } from '../../../src/instances/instance-deleted.event.js';
import { InstanceStateChanged } from '../../../src/instances/instance-state-changed.event.js';
import { PasskeyRequests } from '../../../src/instances/passkey-requests.js';
import type { SessionSignal } from '../../../src/whatsapp/whatsapp-signals.js';
import { SilentLog } from '../../support/silent-log.js';

const INSTANCE = { id: 'i1', accountId: 'a1', name: 'shop' };
const ORIGIN = { instanceId: INSTANCE.id, at: new Date('2026-01-31T12:00:00.000Z') };
const ASKED: SessionSignal = { ...ORIGIN, type: 'passkey_required', code: 409, reason: 'passkey' };
const CONNECTING: SessionSignal = { ...ORIGIN, type: 'connecting' };
const QR_READY: SessionSignal = { ...ORIGIN, type: 'qr_ready', qr: '2@x' };

describe('a request for a passkey', () => {
  const events = new EventBus(new SilentLog());
  const requests = new PasskeyRequests(events);
  requests.onModuleInit();
  const happens = (signal: SessionSignal) =>
    events.publish(new InstanceStateChanged(INSTANCE, 'connecting', 'disconnected', signal));

  it('is told once when it comes after a code that connect gave, renewed or not', async () => {
    requests.codeGiven(INSTANCE.id);
    await happens(QR_READY);
    await happens(ASKED);
    expect([requests.takeUntold(INSTANCE.id), requests.takeUntold(INSTANCE.id)]).toEqual([true, false]);
  });

  it('is not told again when a connect that waited was refused with it', async () => {
    await happens(ASKED);
    expect(requests.takeUntold(INSTANCE.id)).toBe(false);
  });

  it('is past when linking was begun anew, as on the pairing page', async () => {
    requests.codeGiven(INSTANCE.id);
    await happens(ASKED);
    await happens(CONNECTING);
    expect(requests.takeUntold(INSTANCE.id)).toBe(false);
  });

  it('is past when the instance is gone', async () => {
    requests.codeGiven(INSTANCE.id);
    await happens(ASKED);
    await events.publish(new InstanceDeleted(INSTANCE));
    expect(requests.takeUntold(INSTANCE.id)).toBe(false);
  });
});
