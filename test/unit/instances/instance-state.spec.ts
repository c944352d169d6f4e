import {
  INSTANCE_STATUSES,
  nextInstanceStatus,
  type InstanceStatus,
} from '../../../src/instances/instance-state.js';
import type { SessionSignal } from '../../../src/whatsapp/whatsapp-signals.js';

/** `-` = the signal changes nothing at all. */
const TABLE: Record<SessionSignal['type'], Record<InstanceStatus, InstanceStatus | '-'>> = {
  qr_ready: {
    connected: 'connecting',
    connecting: 'connecting',
    disconnected: 'connecting',
    loggedout: 'connecting',
  },
  paired: {
    connected: 'connecting',
    connecting: 'connecting',
    disconnected: 'connecting',
    loggedout: 'connecting',
  },
  connecting: {
    connected: 'connecting',
    connecting: 'connecting',
    disconnected: 'connecting',
    loggedout: 'connecting',
  },
  connected: {
    connected: 'connected',
    connecting: 'connected',
    disconnected: 'connected',
    loggedout: 'connected',
  },
  disconnected: {
    connected: 'disconnected',
    connecting: 'disconnected',
    disconnected: 'disconnected',
    loggedout: '-',
  },
  passkey_required: {
    connected: 'disconnected',
    connecting: 'disconnected',
    disconnected: 'disconnected',
    loggedout: '-',
  },
  logged_out: { connected: 'loggedout', connecting: 'loggedout', disconnected: 'loggedout', loggedout: '-' },
  restricted: {
    connected: 'connected',
    connecting: 'connecting',
    disconnected: 'disconnected',
    loggedout: 'loggedout',
  },
  unrestricted: {
    connected: 'connected',
    connecting: 'connecting',
    disconnected: 'disconnected',
    loggedout: 'loggedout',
  },
};

describe('the status of an instance', () => {
  const cases = Object.entries(TABLE).flatMap(([signal, row]) =>
    INSTANCE_STATUSES.map((status) => ({
      status,
      signal: signal as SessionSignal['type'],
      next: row[status],
    })),
  );

  it.each(cases)('$status, told $signal, becomes $next', ({ status, signal, next }) => {
    expect(nextInstanceStatus(status, signal) ?? '-').toBe(next);
  });
});
