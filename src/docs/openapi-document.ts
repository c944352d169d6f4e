import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { BEARER_SCHEME, SECURITY_SCHEMES } from '../common/http/caller.js';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../common/product.js';
import { BaseAddress } from '../common/http/base-address.js';
import { addCommonAnswers } from './common-answers.js';
import { operationsOf } from './operations.js';
import { leaveOptionalParametersEmpty } from './optional-parameters.js';
import { addSecurity } from './security.js';
import { removeAliasPaths } from './alias-paths.js';
import { addWebhooks } from './webhooks.js';

const introduction = (baseUrl: string) =>
  `
One POST makes a phone ring on WhatsApp for 1 to 60 seconds and hangs up by itself.

1. Press **Authorize** and enter the token of your account (it begins with \`rda_\`).
2. \`POST /api/instance/new\` makes an instance, the place of one WhatsApp account.
3. \`GET /api/instance/connect/{instance}\` starts linking and returns a QR code; after it \`GET /api/instance/qr/{instance}\`
   shows the code as a picture. Scan it with the phone: *Settings → Linked devices → Link a device*.
4. \`POST /api/call/fake/{instance}\` rings a number.

The same with buttons, and a call to watch as it goes: the [console](/console).

\`\`\`sh
curl -X POST ${baseUrl}/api/call/fake/shop \\
  -H "token: $TOKEN" -H "Content-Type: application/json" \\
  -d '{"number": "5511999999999", "duration": 8}'
\`\`\`

Every token is sent as the header \`token\`, or as \`Authorization: Bearer\`. Errors have one form,
\`{"success": false, "error": {"message": "…"}}\`, and a stable code in the header \`X-Error-Code\`. Every answer carries
\`X-Request-Id\`.

On every route, also on those that take no body: another method gets 405 \`method_not_allowed\` with \`Allow\`; an address or
a header that cannot be read 400 \`bad_request\`; an address over 8192 characters 414 \`address_too_long\`; more than 100
headers or 16 KiB of them 431 \`headers_too_large\`; a body that cannot be read 400 \`invalid_body\`, one in an unknown charset
415 \`unsupported_charset\`, one over 100 kB 413 \`body_too_large\`; a request that does not arrive in time 408
\`request_timeout\`; one for which the service has no connection left 503 \`too_many_connections\`.
`.trim();

/** What the examples say while the server does not listen yet. */

/** In the order in which a newcomer needs them. */
const TAGS = [
  ['Instances', 'An instance is the place of one WhatsApp account: make it, list all, delete it'],
  ['Linking', 'Link the phone of an instance by QR code or pairing code, reconnect it, unlink it'],
  ['Calls', 'Make a phone ring, follow the call, cancel it'],
  ['Events', 'News by webhook and WebSocket'],
  ['Settings', 'Pace of the calls, online status, proxy'],
  ['Accounts', 'Tenants of this installation; with the admin token'],
  ['Operations', 'Health and metrics'],
] as const;

/** The OpenAPI document of the whole application. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const apiKey = (description: string) => ({
    type: 'apiKey' as const,
    in: 'header',
    name: 'token',
    description,
  });
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle(PRODUCT_NAME)
    .setVersion(PRODUCT_VERSION)
    .setDescription(introduction(app.get(BaseAddress, { strict: false }).current()))
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addApiKey(apiKey('Token of an account, `rda_…`: everything of the account'), SECURITY_SCHEMES.account)
    .addApiKey(apiKey('Token of one instance, `rdi_…`: that instance only'), SECURITY_SCHEMES.instance)
    .addApiKey(apiKey('`ADMIN_TOKEN` of the installation: accounts only'), SECURITY_SCHEMES.admin)
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'Any of the tokens, sent as a Bearer token' },
      BEARER_SCHEME,
    );
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  removeAliasPaths(document);
  leaveOptionalParametersEmpty(document);
  addSecurity(document);
  addCommonAnswers(document);
  addWebhooks(document);
  const used = new Set(operationsOf(document).flatMap(({ operation }) => operation.tags ?? []));
  document.tags = TAGS.filter(([name]) => used.has(name)).map(([name, description]) => ({
    name,
    description,
  }));
  return document;
}
