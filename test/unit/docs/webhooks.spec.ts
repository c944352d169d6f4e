import { Validator } from '@seriousme/openapi-schema-validator';
import type { OpenAPIObject } from '@nestjs/swagger';
import { callEvent } from '../../../src/calls/store/call-event.js';
import type { Call } from '../../../src/calls/store/call.entity.js';
import { incomingCallEvent, rejectedCallEvent } from '../../../src/calls/incoming/incoming-call.js';
import { CALL_EVENT_STATES, INSTANCE_EVENT_STATES } from '../../../src/docs/event-examples.js';
import { addWebhooks } from '../../../src/docs/webhooks.js';
import { instanceEvent } from '../../../src/instances/instance-event.js';
import type { InstanceRow } from '../../../src/instances/instance-status.repository.js';

const AT = new Date('2026-01-31T12:00:00.000Z');
const JID = '5511999999999@s.whatsapp.net';
const CALL: Call = {
  id: '1',
  instanceId: 'i1',
  callId: 'C1',
  number: '5511999999999',
  jid: null,
  durationSeconds: 8,
  state: 'offering',
  outcome: null,
  failureCode: null,
  failureReason: null,
  requestedAt: AT,
  acceptedAt: null,
  deliveredAt: null,
  ringingAt: null,
  endedAt: null,
  hangUpAt: AT,
  callerTimeoutSeconds: null,
  ring: null,
};
const INCOMING = {
  instanceId: 'i1',
  callId: 'C2',
  at: AT,
  from: JID,
  number: '5511999999999',
  replyTo: JID,
  isVideo: false,
  isGroup: false,
  offeredAt: AT,
};
const MISSED = {
  type: 'incoming_call_ended',
  reason: 'timeout',
  answeredElsewhere: false,
  rang: true,
} as const;
const SIGNAL = { instanceId: 'i1', at: AT };
const ROW: InstanceRow = {
  id: 'i1',
  accountId: 'a1',
  name: 'shop',
  status: 'connecting',
  numberJid: null,
  restricted: false,
  restrictedUntil: null,
  lastDisconnectCode: null,
};

function documented(): OpenAPIObject {
  const document: OpenAPIObject = { openapi: '3.1.0', info: { title: 'T', version: '1' }, paths: {} };
  addWebhooks(document);
  return document;
}

/** Enough of a JSON Schema check for the flat schemas of events: required fields, no unknown ones, enumerations. */
function faultsOf(schema: unknown, value: unknown, path = ''): string[] {
  if (!isRecord(schema) || schema.type !== 'object') {
    const allowed = isRecord(schema) ? schema.enum : undefined;
    return Array.isArray(allowed) && !allowed.includes(value) ? [`${path} is ${JSON.stringify(value)}`] : [];
  }
  const properties = isRecord(schema.properties) ? schema.properties : {};
  const fields = isRecord(value) ? value : {};
  const required: unknown[] = Array.isArray(schema.required) ? schema.required : [];
  return [
    ...required
      .filter((name) => !(String(name) in fields))
      .map((name) => `${path}.${String(name)} is missing`),
    ...Object.entries(fields).flatMap(([name, field]) =>
      name in properties
        ? faultsOf(properties[name], field, `${path}.${name}`)
        : [`${path}.${name} is unknown`],
    ),
  ];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe('the documented webhooks', () => {
  it('are valid OpenAPI 3.1', async () => {
    const plain: unknown = JSON.parse(JSON.stringify(documented()));
    expect(isRecord(plain) && (await new Validator().validate(plain))).toEqual({ valid: true });
  });

  it.each([
    ['call.update', 'CallUpdateEvent', CALL_EVENT_STATES],
    ['instance.state', 'InstanceStateEvent', INSTANCE_EVENT_STATES],
    ['webhook.test', 'WebhookTestEvent', ['test']],
  ])('have an example of each state of %s, and all fit its schema', (event, schemaName, states) => {
    const { webhooks, components } = documented();
    const body = webhooks?.[event]?.post?.requestBody;
    const content = body && 'content' in body ? body.content['application/json'] : undefined;
    const examples = Object.entries(content?.examples ?? {});
    expect(content?.schema).toEqual({ $ref: `#/components/schemas/${schemaName}` });
    expect(examples.map(([name]) => name)).toEqual(expect.arrayContaining(states));
    for (const [name, example] of examples) {
      const value: unknown = 'value' in example ? example.value : undefined;
      const faults = faultsOf(components?.schemas?.[schemaName], value);
      expect({ name, faults }).toEqual({ name, faults: [] });
      expect(value).toMatchObject({ event });
    }
  });

  it.each([
    ['a new outgoing call', callEvent(CALL, AT)],
    ['an outgoing call that ended', callEvent({ ...CALL, state: 'ended', outcome: 'busy' }, AT)],
    ['an incoming call', incomingCallEvent({ ...INCOMING, type: 'incoming_call' })],
    [
      'an incoming call of a hidden number',
      incomingCallEvent({ ...INCOMING, type: 'incoming_call', number: null }),
    ],
    ['an incoming call that was missed', incomingCallEvent({ ...INCOMING, ...MISSED })],
    ['an incoming call that we rejected', rejectedCallEvent({ ...INCOMING, type: 'incoming_call' }, AT)],
    ['a QR code', instanceEvent(ROW, 'connecting', { ...SIGNAL, type: 'qr_ready', qr: '2@x' })],
    ['a login', instanceEvent(ROW, 'connected', { ...SIGNAL, type: 'connected', jid: JID, name: null })],
    [
      'a lost connection',
      instanceEvent(ROW, 'disconnected', {
        ...SIGNAL,
        type: 'disconnected',
        code: 428,
        reason: 'Connection closed',
        retryAt: null,
      }),
    ],
    [
      'a restriction',
      instanceEvent(ROW, 'connecting', { ...SIGNAL, type: 'restricted', until: AT, contactsFrom: null }),
    ],
  ])('describe the event of %s as it is really made', (_what, event) => {
    const schemas = documented().components?.schemas;
    const schema = schemas?.[event?.type === 'call.update' ? 'CallUpdateEvent' : 'InstanceStateEvent'];
    const data = schema && 'properties' in schema ? schema.properties?.data : undefined;
    expect(event).toBeDefined();
    expect(data).toBeDefined();
    expect(faultsOf(data, event?.data)).toEqual([]);
  });
});
