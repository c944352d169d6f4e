import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';
import { CALL_UPDATE_EXAMPLES, INSTANCE_STATE_EXAMPLES, WEBHOOK_TEST_EXAMPLES } from './event-examples.js';
import { EVENT_SCHEMAS } from './event-schemas.js';

type Webhook = NonNullable<OpenAPIObject['webhooks']>[string];

const DELIVERY = `
Sent as \`POST\` with JSON to every enabled webhook of the instance that wants the event, and as a text frame to its
WebSockets. A webhook gets each event at least once; the events of one call arrive in their order, and so do those of the
instance itself. Answer any 2xx within 10 seconds. Redirects are not followed. 410 disables the webhook, and so
do days of nothing but failures (5 by default); everything else is tried again, by default 10 times within about three days, and
then kept as dead for a replay. 429 and 503 with \`Retry-After\`, seconds or a date, end all attempts to the webhook until then, an
hour at most.

\`webhook-signature\` is the signature of Standard Webhooks 1.0: check it with one of the libraries of that standard, with the
raw body and the secret of the webhook. For 24 hours after a change of the secret it holds two signatures.
`.trim();

const TEST = `
Sent by \`POST /api/events/test/{instance}\`, once and at once, with the same headers and the same signature as every other event,
whatever \`events\` of the webhook are. What is answered within 10 seconds is shown to whoever asked for it.
`.trim();

const header = (name: string, description: string, example: string) => ({
  name,
  in: 'header' as const,
  required: true,
  description,
  schema: { type: 'string' as const },
  example,
});

const PARAMETERS = [
  header('webhook-id', 'Id of the event, as in the body', '0d9f3c1e-2f55-4c39-8a53-8f1f6a0b7c11'),
  header('webhook-timestamp', 'Time of this attempt, Unix seconds', '1769860800'),
  header(
    'webhook-signature',
    'One or two signatures, with a space between them',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ),
  {
    ...header('Authorization', 'As configured, if it is', 'Bearer my-own-secret'),
    required: false,
  },
];

/** Documents the requests that the service itself sends. */
export function addWebhooks(document: OpenAPIObject): void {
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, ...EVENT_SCHEMAS };
  document.webhooks = {
    'call.update': webhook(
      'call.update',
      'Something happened to a call',
      'CallUpdateEvent',
      CALL_UPDATE_EXAMPLES,
    ),
    'instance.state': webhook(
      'instance.state',
      'Something happened to the connection of an instance',
      'InstanceStateEvent',
      INSTANCE_STATE_EXAMPLES,
    ),
    'webhook.test': webhook(
      'webhook.test',
      'Somebody tries the webhook',
      'WebhookTestEvent',
      WEBHOOK_TEST_EXAMPLES,
      TEST,
    ),
  };
}

function webhook(
  event: string,
  summary: string,
  schema: keyof typeof EVENT_SCHEMAS,
  examples: typeof CALL_UPDATE_EXAMPLES,
  description = DELIVERY,
): Webhook {
  return {
    post: {
      operationId: `Webhook_${event.replace('.', '_')}`,
      tags: ['Events'],
      summary,
      description,
      // Receivers authenticate by the signature, not by a token of this API.
      security: [],
      parameters: PARAMETERS,
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: getSchemaPath(schema) }, examples } },
      },
      responses: {
        '2XX': { description: 'Received' },
        ...(description === DELIVERY && {
          '410': { description: 'Not wanted any more: the webhook is disabled' },
        }),
        default: { description: description === DELIVERY ? 'Tried again later' : 'Shown, not tried again' },
      },
    },
  };
}
