import type { OpenAPIObject } from '@nestjs/swagger';
import { CALL_OUTCOMES } from '../calls/call-state.js';
import { CALL_EVENT_STATES, INSTANCE_EVENT_STATES } from './event-examples.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
type Schema = Schemas[string];

const text = (description: string): Schema => ({ type: 'string', description });
const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });

const CALL_DATA: Schema = {
  type: 'object',
  required: ['state', 'direction', 'callId', 'number', 'jid', 'timestamp'],
  properties: {
    state: {
      type: 'string',
      enum: CALL_EVENT_STATES,
      description:
        '`offer`: the call is on its way · `delivered`: a device received it · `ringing`: a device says that it alerts its ' +
        'user · `accepted`: somebody picked up · `rejected`: somebody declined or is in another call · `terminated`: any other end',
    },
    direction: { type: 'string', enum: ['outgoing', 'incoming'] },
    callId: text('Id of the call, as in the routes on calls'),
    number: {
      type: ['string', 'null'],
      description:
        'Digits of the other side: of its phone number, or of the LID where a LID was called. `null`: WhatsApp hides the number ' +
        'of the caller, and neither a call nor a message gave it before; `jid` is the LID then',
    },
    jid: {
      type: ['string', 'null'],
      description: 'WhatsApp address of the other side, as far as it is known',
    },
    timestamp: time('When it happened'),
    duration: { type: 'integer', description: 'Seconds that were asked for, of an outgoing call' },
    outcome: {
      type: 'string',
      enum: [...CALL_OUTCOMES, 'missed'],
      description: 'How the call ended; `missed`: nobody took an incoming call',
    },
    failureCode: {
      type: ['integer', 'null'],
      description: 'Code of a refusal by WhatsApp',
    },
    failureReason: { type: ['string', 'null'], description: 'What went wrong' },
    ringSeconds: { type: ['number', 'null'], description: 'How long it rang' },
    isVideo: { type: 'boolean', description: 'Incoming: a call with video' },
    isGroup: { type: 'boolean', description: 'Incoming: a call to a group' },
    reason: text('Incoming: why it ended, in the words of WhatsApp'),
  },
};

const INSTANCE_DATA: Schema = {
  type: 'object',
  required: ['state', 'timestamp'],
  properties: {
    state: {
      type: 'string',
      enum: INSTANCE_EVENT_STATES,
      description:
        '`stream_replaced`: another client took the session over · `connect_failure`: an attempt to connect failed · ' +
        '`client_outdated`: WhatsApp no longer takes the version of the client; the session connects by itself as soon as it can · ' +
        '`passkey_required`: WhatsApp asks for a passkey before it links the phone · ' +
        '`restricted`: WhatsApp limits what the account may do · `unrestricted`: it no longer does, or its time is over · ' +
        '`webhook_disabled`: another webhook of the instance was switched off, because its receiver is gone or did nothing but fail',
    },
    timestamp: time('When it happened'),
    jid: text('The account of the phone'),
    codes: { type: 'array', items: { type: 'string' }, description: 'What can be scanned or typed in now' },
    reason: text('Why it ended, in words'),
    label: text('Label of the webhook that was switched off'),
    code: { type: 'integer', description: 'Why it ended, as the code of WhatsApp or the library' },
    until: {
      type: 'string',
      format: 'date-time',
      description:
        'End of a restriction; calls are refused with 429 until then, during a time-lock only to those who do not know the account',
    },
  },
};

const TEST_DATA: Schema = {
  type: 'object',
  required: ['label', 'timestamp'],
  properties: { label: text('Label of the webhook that is tried'), timestamp: time('When it was sent') },
};

/** Schemas of what webhooks and WebSockets get. */
export const EVENT_SCHEMAS = {
  CallUpdateEvent: envelopeOf('call.update', CALL_DATA),
  InstanceStateEvent: envelopeOf('instance.state', INSTANCE_DATA),
  WebhookTestEvent: envelopeOf('webhook.test', TEST_DATA),
} satisfies Schemas;

function envelopeOf(event: string, data: Schema): Schema {
  return {
    type: 'object',
    required: ['id', 'event', 'timestamp', 'data', 'instanceData'],
    properties: {
      id: {
        type: 'string',
        format: 'uuid',
        description: 'Id of the event, the same in all retries and replays: skip what you have already seen',
      },
      event: { type: 'string', enum: [event] },
      timestamp: time('When it happened'),
      data,
      instanceData: {
        type: 'object',
        required: ['baseUrl', 'instance'],
        properties: {
          baseUrl: text('Where this installation is reached'),
          instance: text('Name of the instance'),
        },
      },
    },
  };
}
