import { randomBytes } from 'node:crypto';
import { SecretBox } from '../../../src/common/crypto/secret-box.js';
import { faultOfHeaders, openHeaders, sealedHeaders } from '../../../src/webhooks/store/webhook-headers.js';
import { WebhookBody } from '../../../src/webhooks/api/requests.js';
import { readRequest } from '../instances/support/read-request.js';

const RESERVED = 'has a name that belongs to the connection, the content or the signature';

const headersIn = (headers: unknown) =>
  readRequest('body', WebhookBody, { enabled: true, headers }, (parsed) => parsed.toChange());

describe('the headers that a webhook may have', () => {
  it('are at most ten tokens with printable values', async () => {
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`X-${index}`, 'a b~']));
    expect(faultOfHeaders(ten)).toBeUndefined();
    expect(faultOfHeaders({ ...ten, 'X-10': 'a' })).toBe('must have at most 10 names');
    expect(await headersIn(ten)).toMatchObject({ headers: ten });
    expect(faultOfHeaders({ "x!#$%&'*+.^_`|~9": '' })).toBeUndefined();
  });

  it('are none for null and an empty object, and as they were when they are left out', async () => {
    expect(await headersIn(null)).toMatchObject({ headers: null });
    expect(await headersIn({})).toMatchObject({ headers: {} });
    expect(await headersIn(undefined)).toEqual({ label: 'default', enabled: true });
  });

  it.each(['', 'a b', 'a:b', 'a\r\nb', 'ä', 'a"', '(a)', '__proto__'])(
    'have no name that is not a token: %j',
    (name) => {
      expect(faultOfHeaders(JSON.parse(`{${JSON.stringify(name)}: "x"}`))).toBe(
        'has a name that no HTTP header can have',
      );
    },
  );

  it.each([
    'Connection',
    'keep-alive',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'upgrade',
    'Proxy-Authorization',
    'Proxy-Connection',
    'Expect',
    'Host',
    'Content-Length',
    'content-type',
    'Content-Encoding',
    'User-Agent',
    'Webhook-Id',
    'webhook-signature',
    'webhook-anything',
  ])('are none of the connection, the content and the signature: %s', (name) => {
    expect(faultOfHeaders({ [name]: 'x' })).toBe(`${RESERVED} (${name})`);
  });

  it('are not the authorization, which has a field of its own', async () => {
    expect(await headersIn({ AUTHORIZATION: 'x' })).toBe(
      'invalid_body: Invalid request body: headers must not have authorization, which has a field of its own (AUTHORIZATION)',
    );
  });

  it.each([['a\r\nX-B: c'], ['a\n'], ['ä'], ['\u0000'], [5], [null], [['a']], [{}]])(
    'have no value that could be more than a value: %j',
    async (value) => {
      const refusal = await headersIn({ 'X-Key': value });
      expect(refusal).toBe(
        'invalid_body: Invalid request body: headers must have strings of printable ASCII characters as values (X-Key)',
      );
    },
  );

  it.each([['text'], [5], [true], [[]], [['a', 'b']]])('are an object and not %j', async (value) => {
    expect(await headersIn(value)).toBe('invalid_body: Invalid request body: headers must be an object');
  });

  it('name each header once, whatever its case, and are small together', () => {
    expect(faultOfHeaders({ 'X-Key': 'a', 'x-key': 'b' })).toBe(
      'must have each name once, whatever its case',
    );
    expect(faultOfHeaders({ 'X-Key': 'a'.repeat(4091) })).toBeUndefined();
    expect(faultOfHeaders({ 'X-Key': 'a'.repeat(4092) })).toBe(
      'must have at most 4096 characters, names and values together',
    );
  });

  it('are not repeated when they are refused', () => {
    expect(faultOfHeaders({ [`secret ${'x'.repeat(90)}`]: 'hunter2\n' })).not.toMatch(/secret|hunter2/);
    expect(faultOfHeaders({ 'X-Key': 'hunter2\n' })).not.toContain('hunter2');
  });
});

describe('the stored headers of a webhook', () => {
  const secrets = new SecretBox([randomBytes(32)]);
  const row = { instanceId: 'i', label: 'l' };
  const seal = (given: Record<string, string>, headers: Buffer | null = null) =>
    sealedHeaders('i', 'l', given, { ...row, headers }, secrets);

  it('are sealed, for their own webhook only, with their names beside them', () => {
    const { headers, headerNames } = seal({ 'X-Key': ' hunter2 ', Cookie: 'a=b' });
    expect(headerNames).toEqual(['X-Key', 'Cookie']);
    expect(headers?.includes('hunter2')).toBe(false);
    expect(openHeaders({ ...row, headers }, secrets)).toEqual([
      ['X-Key', 'hunter2'],
      ['Cookie', 'a=b'],
    ]);
    expect(() => openHeaders({ ...row, label: 'other', headers }, secrets)).toThrow('cannot be opened');
  });

  it('are kept by the mask that stands for them in answers, and only by that', () => {
    const { headers } = seal({ 'X-Key': 'hunter2', 'X-Old': 'old' });
    const after = seal({ 'x-key': '***', 'X-New': 'new' }, headers);
    expect(openHeaders({ ...row, headers: after.headers }, secrets)).toEqual([
      ['x-key', 'hunter2'],
      ['X-New', 'new'],
    ]);
    const refusal = 'headers has a masked value where none is stored: give all values';
    expect(() => seal({ 'X-Unknown': '***' }, headers)).toThrow(refusal);
    expect(() => seal({ 'X-Key': '***' })).toThrow(refusal);
    expect(() => seal({ 'X-Key': '***' }, Buffer.from('what no key opens'))).toThrow(refusal);
  });
});
