import type { CallEventState } from '../calls/store/call-event.js';
import type { EventEnvelope } from '../common/events/event-writer.js';
import type { InstanceEventState } from '../common/events/webhook-event.js';
import { refusalText } from '../whatsapp/client-version/client-version.js';

type Data = Readonly<Record<string, unknown>>;

const TIME = '2026-01-31T12:00:00.000Z';
const ENVELOPE = {
  id: '0d9f3c1e-2f55-4c39-8a53-8f1f6a0b7c11',
  timestamp: TIME,
  instanceData: { baseUrl: 'https://calls.example.com', instance: 'shop' },
};
const CALL = {
  direction: 'outgoing',
  callId: '00C28E4F5A1B2C3D4E5F60718293A4B5',
  number: '5511999999999',
  jid: '5511999999999@s.whatsapp.net',
  timestamp: TIME,
  duration: 8,
};
const INCOMING_CALL = {
  direction: 'incoming',
  callId: '7B1F0A9D3C2E4B5A6978',
  number: '5521977777777',
  jid: '5521977777777@s.whatsapp.net',
  timestamp: TIME,
  isVideo: false,
  isGroup: false,
};
const JID = '5511988888888@s.whatsapp.net';
const NO_FAILURE = { failureCode: null, failureReason: null };

const CALL_DATA: Readonly<Record<CallEventState, Data>> = {
  offer: { state: 'offer', ...CALL },
  delivered: { state: 'delivered', ...CALL },
  ringing: { state: 'ringing', ...CALL },
  accepted: { state: 'accepted', ...CALL, outcome: 'answered', ...NO_FAILURE, ringSeconds: 3.2 },
  rejected: { state: 'rejected', ...CALL, outcome: 'rejected', ...NO_FAILURE, ringSeconds: 2.1 },
  terminated: { state: 'terminated', ...CALL, outcome: 'completed', ...NO_FAILURE, ringSeconds: 8 },
};

const INCOMING_CALL_DATA: Readonly<Record<string, Data>> = {
  incoming_offer: { state: 'offer', ...INCOMING_CALL },
  incoming_accepted: {
    state: 'accepted',
    ...INCOMING_CALL,
    outcome: 'answered',
    reason: 'accepted_elsewhere',
  },
  incoming_rejected: { state: 'rejected', ...INCOMING_CALL, outcome: 'rejected' },
  incoming_hidden: { state: 'offer', ...INCOMING_CALL, number: null, jid: '123456789012345@lid' },
  incoming_missed: { state: 'terminated', ...INCOMING_CALL, outcome: 'missed', reason: 'timeout' },
};

const INSTANCE_DATA: Readonly<Record<InstanceEventState, Data>> = {
  qr_ready: { state: 'qr_ready', timestamp: TIME, codes: ['2@Yh1cBk…,Zk9…,pQ4…,x7I='] },
  pair_success: { state: 'pair_success', timestamp: TIME, jid: JID },
  connecting: { state: 'connecting', timestamp: TIME },
  connected: { state: 'connected', timestamp: TIME, jid: JID },
  disconnected: { state: 'disconnected', timestamp: TIME, reason: 'Connection closed', code: 428 },
  passkey_required: {
    state: 'passkey_required',
    timestamp: TIME,
    reason: 'WhatsApp asks this account for a passkey, which is not supported yet',
  },
  logged_out: { state: 'logged_out', timestamp: TIME, reason: 'Logged out', code: 401 },
  stream_replaced: { state: 'stream_replaced', timestamp: TIME, reason: 'Connection replaced', code: 440 },
  client_outdated: {
    state: 'client_outdated',
    timestamp: TIME,
    reason: refusalText(1043857760, 'learning'),
    code: 405,
  },
  connect_failure: { state: 'connect_failure', timestamp: TIME, reason: 'Connection lost', code: 408 },
  restricted: { state: 'restricted', timestamp: TIME, until: '2026-02-01T12:00:00.000Z' },
  unrestricted: { state: 'unrestricted', timestamp: TIME },
  webhook_disabled: {
    state: 'webhook_disabled',
    timestamp: TIME,
    label: 'default',
    reason: 'The receiver did nothing but fail for 5 days',
  },
};

/** States by name, for the schemas. */
export const CALL_EVENT_STATES = Object.keys(CALL_DATA);
export const INSTANCE_EVENT_STATES = Object.keys(INSTANCE_DATA);

/** One example of each state, as OpenAPI names them; those of incoming calls besides. */
export const CALL_UPDATE_EXAMPLES = examplesOf('call.update', { ...CALL_DATA, ...INCOMING_CALL_DATA });
export const INSTANCE_STATE_EXAMPLES = examplesOf('instance.state', INSTANCE_DATA);
export const WEBHOOK_TEST_EXAMPLES = examplesOf('webhook.test', {
  test: { label: 'default', timestamp: TIME },
});

function examplesOf(event: EventEnvelope['event'], states: Readonly<Record<string, Data>>) {
  return Object.fromEntries(
    Object.entries(states).map(([state, data]) => {
      const value: EventEnvelope = { ...ENVELOPE, event, data };
      return [state, { summary: state, value }];
    }),
  );
}
