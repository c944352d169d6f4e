import type { Request, Response } from 'express';
import { warnOfIgnoredProxy } from '../../../src/common/http/ignored-proxy.js';
import { SilentLog } from '../../support/silent-log.js';

describe('a product that trusts no proxy', () => {
  it.each(['x-forwarded-for', 'forwarded'])('warns once when requests come with the header %s', (header) => {
    const log = new SilentLog();
    const middleware = warnOfIgnoredProxy(log);
    let served = 0;
    const receive = (headers: Record<string, string>) =>
      middleware({ headers } as unknown as Request, {} as Response, () => (served += 1));
    receive({ host: 'x' });
    expect(log.lines).toEqual([]);
    receive({ [header]: '203.0.113.9' });
    receive({ [header]: '203.0.113.9' });
    expect(log.sentences('warn')).toEqual([expect.stringContaining('TRUSTED_PROXIES')]);
    // Addresses of people do not belong in the log.
    expect(JSON.stringify(log.lines)).not.toContain('203.0.113.9');
    expect(served).toBe(3);
  });
});
