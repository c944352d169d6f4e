import { refusalText } from '../whatsapp/client-version/client-version.js';
import type { DocumentedError } from '../common/http/api-errors.js';

/** Error rows of the routes on instances, as the documentation shows them. */
export const ERRORS = {
  nameRequired: { status: 400, code: 'instance_required', message: 'Instance name is required' },
  invalidBody: {
    status: 400,
    code: 'invalid_body',
    message: 'Invalid request body: maxConcurrentCalls must be a whole number',
    when: 'not JSON, not an object, a field of the wrong type or out of range; the message names the field',
  },
  invalidQuery: {
    status: 400,
    code: 'invalid_query',
    message: 'Invalid query: instanceName must be one or more names with commas between them',
    when: 'a query parameter cannot be used; the message names it',
  },
  invalidNumber: {
    status: 400,
    code: 'invalid_number',
    message: 'Invalid number: it has fewer than 7 digits',
    when: 'letters, too few or too many digits, or a first digit 0; the message says which',
  },
  noSavedSession: {
    status: 400,
    code: 'no_saved_session',
    message: 'Instance has no saved session — call /connect first',
  },
  quotaExceeded: { status: 403, code: 'instance_quota_exceeded', message: 'Account instance quota exceeded' },
  notFound: { status: 404, code: 'instance_not_found', message: 'Instance not found' },
  nameTaken: { status: 409, code: 'instance_exists', message: 'Instance name already exists' },
  tokenInUse: { status: 409, code: 'token_in_use', message: 'Token is already in use' },
  noQrCode: {
    status: 409,
    code: 'no_qr_code',
    message: 'There is no QR code to show — call /connect first',
  },
  passkeyRequired: {
    status: 409,
    code: 'passkey_required',
    when: 'asked for now, or after the code that `connect` gave before; the next `connect` tries again',
    message: 'WhatsApp asks this account for a passkey, which is not supported yet',
  },
  linkingLimited: {
    status: 429,
    code: 'linking_limited',
    message: 'WhatsApp limits linking on this number. Try again later.',
    when: 'WhatsApp does not tell for how long, so there is no `Retry-After`',
  },
  connectedTooOften: {
    status: 429,
    code: 'connected_too_often',
    message: 'This instance was connected too often in a short time. Try again later.',
    when:
      'six connections to WhatsApp at once and one more each 10 s may be asked for; `Retry-After` says when the next may be. To ask ' +
      'again for the code of an attempt that is under way opens none',
  },
  tooManyLinkings: {
    status: 429,
    code: 'too_many_linkings',
    message: 'Too many phones of this account are being linked. Finish linking them, or try again later',
    when:
      'as many as `LINKING_SESSIONS_PER_ACCOUNT` says are under way and none made room in 50 s; `Retry-After` says when the first ' +
      'of their codes expires',
  },
  linkingBusy: {
    status: 503,
    code: 'linking_busy',
    message: 'Too many phones are being linked at the moment. Try again later',
    when: 'the same for all accounts of the process together',
  },
  credentialsCorrupt: {
    status: 500,
    code: 'credentials_corrupt',
    message:
      'The saved session cannot be read. Restore the encryption key or the database, or log the instance out',
  },
  proxyPasswordUnreadable: {
    status: 500,
    code: 'proxy_password_unreadable',
    message: 'The saved proxy password cannot be read. Restore the encryption key or set the proxy again',
  },
  unreachable: {
    status: 502,
    code: 'whatsapp_unreachable',
    message: 'WhatsApp is not reachable: the proxy could not be used',
    when: 'network, DNS or proxy fault. What is wrong with a proxy is in the log of the server only',
  },
  linkingCancelled: {
    status: 409,
    code: 'linking_cancelled',
    message: 'Connecting was ended by another request on this instance',
    when: 'it was closed, deleted or linked in another way meanwhile',
  },
  accountRestricted: {
    status: 502,
    code: 'account_restricted',
    message: 'WhatsApp has blocked or restricted this account (403)',
  },
  versionRejected: {
    status: 502,
    code: 'whatsapp_version_rejected',
    message: refusalText(1043857760, 'learning'),
    when: 'no newer version is known; the message tells what the operator can do',
  },
  linkingRefused: {
    status: 502,
    code: 'linking_refused',
    message: 'WhatsApp refused to link this instance: The account does not support linked devices (411)',
    when: 'WhatsApp ended the attempt with a reason of its own; the message tells it',
  },
  codeTimeout: { status: 504, code: 'code_timeout', message: 'No code within 60 seconds' },
} as const satisfies Record<string, DocumentedError>;
