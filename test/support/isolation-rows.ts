/**
 * Who a route is for:
 * - admin: the administrator of the installation
 * - account: the account that owns the instance in the path
 * - account-wide: any account, for itself
 * - tenant: the account and the instance in the path
 * - tenant-wide: any account or instance, for itself
 * - metrics: whoever knows the metrics token
 * - public: everybody
 */
export type Audience = 'admin' | 'account' | 'account-wide' | 'tenant' | 'tenant-wide' | 'metrics' | 'public';

/** What a route is sent, and how it answers those who may use it. */
export interface IsolationRow {
  readonly audience: Audience;
  /** Status for those who may: the administrator, or the account that owns an instance on which no phone is linked. */
  readonly status: number;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly query?: string;
  /** The message for an instance that is not there, where it is not the usual one. */
  readonly notFoundMessage?: string;
}

const CALLS_NOT_FOUND = { notFoundMessage: 'instance not found' };
const PROXY = { enabled: false, host: 'proxy.example.com', port: 8080, protocol: 'http' };
const WEBHOOK = { enabled: false };
const NOBODY = '7b0c1a52-3c1e-4a7e-9f57-0d1d4f1d9a11';

/** One row for each route of the documentation. */
export const ISOLATION_ROWS: Readonly<Record<string, IsolationRow>> = {
  'POST /api/account/new': { audience: 'admin', status: 400, body: {} },
  'GET /api/account/list': { audience: 'admin', status: 200 },
  'POST /api/account/rotateToken/{account}': { audience: 'admin', status: 404 },
  'POST /api/account/update/{account}': { audience: 'admin', status: 404, body: { enabled: true } },
  'DELETE /api/account/delete/{account}': { audience: 'admin', status: 404 },
  'POST /api/instance/new': { audience: 'account-wide', status: 400, body: {} },
  'GET /api/instance/list': { audience: 'tenant-wide', status: 200 },
  'DELETE /api/instance/delete/{instance}': { audience: 'account', status: 200 },
  'POST /api/instance/rotateToken/{instance}': { audience: 'account', status: 200 },
  'GET /api/instance/connect/{instance}': { audience: 'tenant', status: 200 },
  'GET /api/instance/qr/{instance}': { audience: 'tenant', status: 409 },
  'POST /api/instance/share/{instance}': { audience: 'tenant', status: 200, body: {} },
  'POST /api/instance/reconnect/{instance}': { audience: 'tenant', status: 400 },
  'DELETE /api/instance/logout/{instance}': { audience: 'tenant', status: 200 },
  'POST /api/instance/settings/{instance}': {
    audience: 'tenant',
    status: 200,
    body: { autoRejectCalls: true },
  },
  'GET /api/instance/getSettings/{instance}': { audience: 'tenant', status: 200 },
  'POST /api/instance/proxy/{instance}': { audience: 'tenant', status: 200, body: PROXY },
  'GET /api/instance/getProxy/{instance}': { audience: 'tenant', status: 200 },
  'POST /api/call/fake/{instance}': {
    ...CALLS_NOT_FOUND,
    audience: 'tenant',
    status: 503,
    body: { number: '5511999990001', duration: 1 },
  },
  'GET /api/call/list/{instance}': { ...CALLS_NOT_FOUND, audience: 'tenant', status: 200 },
  'GET /api/call/info/{instance}': {
    ...CALLS_NOT_FOUND,
    audience: 'tenant',
    status: 404,
    query: '?callId=none',
  },
  'POST /api/call/cancel/{instance}': {
    ...CALLS_NOT_FOUND,
    audience: 'tenant',
    status: 404,
    body: { callId: 'none' },
  },
  'POST /api/events/webhook/{instance}': { audience: 'tenant', status: 200, body: WEBHOOK },
  'GET /api/events/getWebhook/{instance}': { audience: 'tenant', status: 200 },
  'POST /api/events/test/{instance}': { audience: 'tenant', status: 404, body: {} },
  'GET /api/events/deliveries/{instance}': { audience: 'tenant', status: 200 },
  'POST /api/events/replay/{instance}': { audience: 'tenant', status: 404, body: { id: NOBODY } },
  'POST /api/events/websocket/{instance}': { audience: 'tenant', status: 200, body: { enabled: false } },
  'GET /api/events/getWebsocket/{instance}': { audience: 'tenant', status: 404 },
  'GET /ws/{instance}': { audience: 'tenant', status: 400 },
  'GET /health': { audience: 'public', status: 200 },
  'GET /health/live': { audience: 'public', status: 200 },
  'GET /health/ready': { audience: 'public', status: 200 },
  'GET /metrics': { audience: 'metrics', status: 200 },
};

/** Controllers that the documentation leaves out: pages for browsers, open to everybody, with checks of their own. */
export const UNDOCUMENTED_CONTROLLERS: readonly string[] = [
  'console/console.controller.ts',
  'pairing-page/pairing-assets.controller.ts',
  'pairing-page/pairing-page.controller.ts',
];
