import {
  FindWebhooksQuery,
  WebhookBody,
  ListDeliveriesQuery,
  ReplayBody,
} from '../../../src/webhooks/api/requests.js';
import { WebSocketBody } from '../../../src/live/websocket.dto.js';
import { readRequest } from '../instances/support/read-request.js';

const URL = 'https://example.com/hooks';
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const SECRET_RULE = 'secret must be whsec_ followed by 24 to 64 bytes in base64, or the word rotate';

const EVENT_NAMES = [
  'call.update',
  'instance.state',
  'message.exchange',
  'message.status',
  'group.flow',
  'label.update',
];
const EVENTS_RULE = `events must be a list of these names: ${EVENT_NAMES.join(', ')}; an empty list means all`;

const change = (body: unknown) => readRequest('body', WebhookBody, body, (parsed) => parsed.toChange());
const filter = (query: unknown) =>
  readRequest('query', ListDeliveriesQuery, query, (parsed) => parsed.toFilter());

describe('the body of a webhook', () => {
  it('changes only what it names', async () => {
    expect(await change({ enabled: true })).toEqual({ label: 'default', enabled: true });
    expect(await change({ enabled: true, url: URL })).toEqual({ label: 'default', enabled: true, url: URL });
  });

  it('takes every field', async () => {
    expect(
      await change({
        label: ' calls ',
        enabled: true,
        url: ` ${URL} `,
        authorization: 'Bearer x',
        headers: { 'X-Key': 'k' },
        byEvents: true,
        events: ['call.update', 'message.exchange', 'call.update'],
        secret: SECRET,
        unknown: 'is dropped',
      }),
    ).toEqual({
      label: 'calls',
      enabled: true,
      url: URL,
      authorization: 'Bearer x',
      headers: { 'X-Key': 'k' },
      byEvents: true,
      events: ['call.update', 'message.exchange'],
      secret: SECRET,
    });
  });

  it('takes null and blank for what is not given', async () => {
    const nothing = { label: ' ', url: null, byEvents: null, events: null, secret: null };
    expect(await change({ enabled: true, ...nothing })).toEqual({ label: 'default', enabled: true });
  });

  it.each([[null], [''], ['  ']])('forgets the authorization for %j', async (authorization) => {
    expect(await change({ enabled: true, authorization })).toMatchObject({ authorization: null });
  });

  it('takes every name of the RyzeAPI catalogue once, also those that are never sent', async () => {
    expect(await change({ enabled: true, events: [...EVENT_NAMES, ...EVENT_NAMES] })).toMatchObject({
      events: EVENT_NAMES,
    });
    expect(await change({ enabled: true, events: [] })).toMatchObject({ events: [] });
  });

  it.each(['*', 'all', 'CALL_UPDATE', 'call.updated', 'Call.Update', '', ' ', ' call.update', 5, null])(
    'refuses %j as a name of an event and lists the names',
    async (name) => {
      const refusal = `invalid_body: Invalid request body: ${EVENTS_RULE}`;
      expect(await change({ enabled: true, events: ['call.update', name] })).toBe(refusal);
      const socket = { enabled: true, events: [name] };
      expect(await readRequest('body', WebSocketBody, socket, (body) => body.toChange())).toBe(refusal);
    },
  );

  it('asks for a new secret by a word of its own', async () => {
    expect(await change({ enabled: true, secret: 'rotate' })).toMatchObject({ secret: null });
  });

  it('switches off whatever URL it repeats', async () => {
    expect(await change({ label: 'calls', enabled: false, url: 'http://127.0.0.1' })).toEqual({
      label: 'calls',
      enabled: false,
    });
  });

  it.each([
    [{}, 'enabled is required'],
    [{ enabled: null, url: URL }, 'enabled is required'],
    [{ enabled: 1 }, 'enabled must be a boolean value'],
    [{ enabled: true, label: 5 }, 'label must be a string'],
    [{ enabled: true, label: 'x'.repeat(101) }, 'label must have at most 100 characters'],
    [{ enabled: true, label: 'a\u0000' }, 'label must not have control characters'],
    [{ enabled: true, url: 5 }, 'url must be a string'],
    [{ enabled: true, url: `https://e.com/${'x'.repeat(2048)}` }, 'url must have at most 2048 characters'],
    [{ enabled: true, url: 'https://e.com/\n' }, 'url must not have control characters'],
    [
      { enabled: true, authorization: 'a\r\nb: c' },
      'authorization must be a string of at most 4096 printable ASCII characters',
    ],
    [
      { enabled: true, authorization: 'Bearer 🔑' },
      'authorization must be a string of at most 4096 printable ASCII characters',
    ],
    [{ enabled: true, byEvents: 'yes' }, 'byEvents must be a boolean value'],
    [{ enabled: true, events: {} }, EVENTS_RULE],
    [{ enabled: true, events: 'call.update' }, EVENTS_RULE],
    [{ enabled: true, events: [['call.update']] }, EVENTS_RULE],
    [{ enabled: true, secret: 'short' }, SECRET_RULE],
    [{ enabled: true, secret: 7 }, SECRET_RULE],
  ])('refuses %j', async (body, detail) => {
    expect(await change(body)).toBe(`invalid_body: Invalid request body: ${detail}`);
  });
});

describe('the questions about webhooks and deliveries', () => {
  it('name one label or none', async () => {
    const label = (query: unknown) =>
      readRequest('query', FindWebhooksQuery, query, (parsed) => parsed.toLabel());
    expect(await label({})).toBeUndefined();
    expect(await label({ label: ' ' })).toBe('');
    expect(await label({ label: 'calls' })).toBe('calls');
    expect(await label({ label: ['a', 'b'] })).toBe('invalid_query: Invalid query: label must be given once');
  });

  it('ask for 50 deliveries of any status, unless they say otherwise', async () => {
    expect(await filter({})).toEqual({ limit: 50 });
    expect(await filter({ status: 'dead', limit: '200' })).toEqual({ status: 'dead', limit: 200 });
    const eventId = '0d9f3c1e-2f55-4c39-8a53-8f1f6a0b7c11';
    expect(await filter({ eventId })).toEqual({ eventId, limit: 50 });
  });

  it.each([
    [{ status: 'lost' }, 'status must be one of pending, delivered, dead'],
    [{ status: ['dead', 'pending'] }, 'status must be one of pending, delivered, dead'],
    [{ eventId: 'one' }, 'eventId must be the id of an event, a UUID'],
    [{ eventId: '' }, 'eventId must be the id of an event, a UUID'],
    [{ limit: '0' }, 'limit must be a whole number from 1 to 200'],
    [{ limit: '201' }, 'limit must be a whole number from 1 to 200'],
    [{ limit: '1e2' }, 'limit must be a whole number from 1 to 200'],
    [{ limit: ['5'] }, 'limit must be a whole number from 1 to 200'],
  ])('refuse %j', async (query, detail) => {
    expect(await filter(query)).toBe(`invalid_query: Invalid query: ${detail}`);
  });

  it('replay a delivery by its id', async () => {
    const id = (body: unknown) => readRequest('body', ReplayBody, body, (parsed) => parsed.id);
    expect(await id({ id: 'one' })).toBe('one');
    expect(await id({})).toBe('invalid_body: Invalid request body: id is required');
    expect(await id({ id: 5 })).toBe('invalid_body: Invalid request body: id must be a string');
  });
});
