import { isPublicAddress } from '../../../../src/common/net/public-address.js';
import { parseTarget } from '../../../../src/common/net/target-policy.js';
import { LOCAL_ADDRESS, MALFORMED_URLS, PRIVATE_URLS } from './support/hostile-urls.js';
import { LEGITIMATE_URLS } from './support/legitimate-urls.js';

const PUBLIC_ONLY = { allowPrivate: false };
const PRIVATE_TOO = { allowPrivate: true };

describe('a webhook URL', () => {
  it('is tried in at least 100 hostile and 50 legitimate forms', () => {
    const hostile = new Set([...PRIVATE_URLS, ...MALFORMED_URLS].map(([, url]) => url));
    const legitimate = new Set(LEGITIMATE_URLS.map(([, url]) => url));
    expect(hostile.size).toBe(PRIVATE_URLS.length + MALFORMED_URLS.length);
    expect(hostile.size).toBeGreaterThanOrEqual(100);
    expect(legitimate.size).toBe(LEGITIMATE_URLS.length);
    expect(legitimate.size).toBeGreaterThanOrEqual(50);
  });

  it.each(PRIVATE_URLS)('is refused for %s', (_, url, detail) => {
    expect(parseTarget(url, PUBLIC_ONLY)).toEqual({ ok: false, detail });
  });

  it.each(PRIVATE_URLS)('may be %s where private targets are allowed', (_, url) => {
    expect(parseTarget(url, PRIVATE_TOO)).toMatchObject({ ok: true });
  });

  it.each(MALFORMED_URLS)('is always refused for %s', (_, url, detail) => {
    expect(parseTarget(url, PUBLIC_ONLY)).toEqual({ ok: false, detail });
    expect(parseTarget(url, PRIVATE_TOO)).toEqual({ ok: false, detail });
  });

  it.each(LEGITIMATE_URLS)('may have %s', (_, url, hostname) => {
    for (const rules of [PUBLIC_ONLY, PRIVATE_TOO]) {
      const target = parseTarget(url, rules);
      expect(target.ok && target.url.hostname).toBe(hostname);
    }
  });

  it('keeps its path and query', () => {
    const target = parseTarget('https://Example.com./a/b?c=d&e=%20', PUBLIC_ONLY);
    expect(target.ok && target.url.href).toBe('https://example.com/a/b?c=d&e=%20');
  });

  it.each([
    ['https://user:hunter2@example.com/', 'hunter2'],
    ['http://10.0.0.1/hook?token=hunter2', 'hunter2'],
  ])('is not repeated when it is refused: %s', (url, secret) => {
    expect(JSON.stringify(parseTarget(url, PUBLIC_ONLY))).not.toContain(secret);
  });
});

describe('an address', () => {
  const literals = (urls: readonly (readonly [string, string, string])[]) =>
    urls.map(([reason, url]) => [reason, new URL(url).hostname.replace(/^\[|\]$|\.$/g, '')] as const);

  it.each(literals(PRIVATE_URLS.filter(([, , detail]) => detail === LOCAL_ADDRESS)))(
    'that is not public is refused when a name resolves to it: %s',
    (_, address) => {
      expect(isPublicAddress(address)).toBe(false);
    },
  );

  it.each(literals(LEGITIMATE_URLS).filter(([, host]) => /^[\d.]+$|:/.test(host)))(
    'that is public is allowed when a name resolves to it: %s',
    (_, address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ['a name', 'localhost'],
    ['nothing', ''],
    ['a number', '2130706433'],
    ['octal parts', '0177.0.0.1'],
    ['a short form', '127.1'],
    ['a range', '8.8.8.0/24'],
    ['brackets', '[2606:4700:4700::1111]'],
    ['a zone', 'fe80::1%eth0'],
    ['a public address with a zone', '2606:4700:4700::1111%eth0'],
    ['a blank', ' 8.8.8.8'],
  ])('is no address with %s, and never public', (_, text) => {
    expect(isPublicAddress(text)).toBe(false);
  });
});
