import type { CallRecord } from '../../test/simulator/index.js';
import type { ApiDocument } from '../fuzz/api-document.js';
import type { CallRequest, Try } from './call-load.js';
import type { Violation } from './violation.js';

/** What a client of a busy instance may hear besides the documented answers of a server in trouble. */
const BUSY = new Set(['too_many_calls', 'idempotency_in_progress', 'call_pacing', 'number_cooldown']);

/** Every answer is a documented one, says when to ask again, and no request rings twice. */
export function judgeRequests(
  requests: readonly CallRequest[],
  calls: readonly CallRecord[],
  api: ApiDocument,
): Violation[] {
  return [
    ...requests.flatMap((request) => request.tries.flatMap((one) => judgeTry(request, one, api))),
    ...judgeOffers(requests, calls),
    ...requests.flatMap(judgeReplays),
  ];
}

function judgeTry(
  { instance }: CallRequest,
  { at, node, status, code, retryAfter }: Try,
  api: ApiDocument,
): Violation[] {
  if (status === undefined || status === 200 || BUSY.has(code ?? '')) return [];
  const answer = `${instance}: ${node} answered ${status} ${code ?? 'without a code'}`;
  if (status < 500) return [{ at, text: `${answer}, which nothing explains` }];
  const documented = api.operationAt('POST', '/api/call/fake/x')?.answers.get(status)?.codes;
  if (!documented?.has(code ?? '') || code === 'internal_error')
    return [{ at, text: `${answer}, which is not documented` }];
  // Nobody knows when a session is open that waits for WhatsApp.
  const isKnown = code !== 'instance_not_connected';
  if (status === 503 && isKnown && !retryAfter) return [{ at, text: `${answer} without Retry-After` }];
  return [];
}

/** The callee of a request is not called by another one until long after, so all its calls in between are its own. */
function judgeOffers(requests: readonly CallRequest[], calls: readonly CallRecord[]): Violation[] {
  return requests.flatMap((request) => {
    const { number, startedAt: at, key, tries } = request;
    const next = requests.find((one) => one.number === number && one.startedAt > at)?.startedAt ?? Infinity;
    const own = calls.filter(
      (one) => one.calleeNumber === number && one.offeredAt >= at && one.offeredAt < next,
    );
    const answered = tries.find(({ callId }) => callId !== undefined)?.callId;
    const name = key ?? 'a request without a key';
    const violations: Violation[] = [];
    if (own.length > 1) violations.push({ at, text: `${name} rang ${number} ${own.length} times` });
    if (answered !== undefined && !own.some(({ callId }) => callId === answered))
      violations.push({ at, text: `${name} was answered with call ${answered}, which was never offered` });
    return violations;
  });
}

function judgeReplays({ key, startedAt: at, tries }: CallRequest): Violation[] {
  const callIds = new Set(tries.flatMap(({ callId }) => callId ?? []));
  return callIds.size > 1 ? [{ at, text: `${key} was answered with ${callIds.size} calls` }] : [];
}
