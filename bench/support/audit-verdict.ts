import { asRecord } from '../fuzz/api-document.js';

export type AuditVerdict =
  | { readonly audited: true; readonly critical: number; readonly high: number; readonly ok: boolean }
  | { readonly audited: false; readonly reason: string; readonly ok: false };

/**
 * What `npm audit --json` has said. Only a report with numbers for both severities counts as an audit: an endpoint that
 * is missing or answers nonsense is no clean result.
 */
export function auditVerdict(json: string): AuditVerdict {
  const report = parsed(json);
  const { critical, high } = asRecord(asRecord(report['metadata'])['vulnerabilities']);
  if (typeof critical === 'number' && typeof high === 'number') {
    return { audited: true, critical, high, ok: critical + high === 0 };
  }
  const message = report['message'] ?? asRecord(report['error'])['summary'];
  // Behind the dash stands the address that was asked.
  const reason = typeof message === 'string' && message !== '' ? message.split(' - ')[0] : undefined;
  return { audited: false, reason: reason ?? 'no report', ok: false };
}

function parsed(json: string): ReturnType<typeof asRecord> {
  try {
    return asRecord(JSON.parse(json));
  } catch {
    return {};
  }
}
