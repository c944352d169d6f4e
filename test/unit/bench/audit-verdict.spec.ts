import { auditVerdict } from '../../../bench/support/audit-verdict.js';

const report = (critical: number, high: number) =>
  JSON.stringify({ metadata: { vulnerabilities: { info: 3, low: 2, moderate: 1, high, critical } } });

describe('the verdict on the packages', () => {
  it('is good when the registry knows nothing grave', () => {
    expect(auditVerdict(report(0, 0))).toEqual({ audited: true, critical: 0, high: 0, ok: true });
  });

  it.each([
    [1, 0],
    [0, 2],
  ])('is bad with %i critical and %i high findings', (critical, high) => {
    expect(auditVerdict(report(critical, high))).toEqual({ audited: true, critical, high, ok: false });
  });

  it.each([
    [
      '405 Method Not Allowed',
      JSON.stringify({ message: '405 Method Not Allowed - POST https://registry.example/audit', error: {} }),
    ],
    ['offline', JSON.stringify({ error: { summary: 'offline' } })],
    ['no report', '{}'],
    ['no report', '{"metadata":{"vulnerabilities":{}}}'],
    ['no report', 'npm error'],
    ['no report', ''],
  ])('is never good when there was no audit: %s', (reason, json) => {
    expect(auditVerdict(json)).toEqual({ audited: false, reason, ok: false });
  });
});
