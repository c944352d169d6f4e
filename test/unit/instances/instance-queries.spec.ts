import { ConnectQuery } from '../../../src/instances/dto/connect-query.dto.js';
import { ListInstancesQuery } from '../../../src/instances/dto/list-instances-query.dto.js';
import { readRequest } from './support/read-request.js';

const method = (query: unknown) => readRequest('query', ConnectQuery, query, (parsed) => parsed.toMethod());
const names = (query: unknown) =>
  readRequest('query', ListInstancesQuery, query, (parsed) => parsed.toNames());

describe('the query of connect', () => {
  it('asks for a QR code without a number, and for a pairing code with one', async () => {
    expect(await method({})).toEqual({ kind: 'qr' });
    expect(await method({ number: '' })).toEqual({ kind: 'qr' });
    expect(await method({ number: '+55 (11) 99999-9999' })).toEqual({
      kind: 'code',
      number: '5511999999999',
    });
  });

  it.each(['123456', '1234567890123456', '55119abc', '5511999999999@s.whatsapp.net', '+-'])(
    'refuses the number %s',
    async (number) => {
      expect(await method({ number })).toMatch(/^invalid_number: Invalid number: ./);
    },
  );

  it.each(['05511999999999', '005511999999999', '+0 55 11 99999-9999'])(
    'refuses %s, because no international number begins with 0',
    async (number) => {
      expect(await method({ number })).toMatch(/^invalid_number: Invalid number: it begins with 0; /);
    },
  );

  it('takes a number as an address book writes it', async () => {
    expect(await method({ number: '\u202a+55\u00a011\u00a099999\u20119999\u202c' })).toEqual({
      kind: 'code',
      number: '5511999999999',
    });
  });

  it('refuses a number that is given twice', async () => {
    expect(await method({ number: ['1', '2'] })).toBe(
      'invalid_query: Invalid query: number must be given once',
    );
  });
});

describe('the query of list', () => {
  it('reads names with commas between them, each once', async () => {
    expect(await names({ instanceName: 'a, b,,a' })).toEqual(['a', 'b']);
    expect(await names({ instanceName: ['a', 'b,c'] })).toEqual(['a', 'b', 'c']);
  });

  it('means all instances only when the parameter is not there', async () => {
    expect(await names({})).toBeUndefined();
  });

  it.each(['', ' ', ',', ' , ', ['', ' ']])(
    'means no instance at all when the parameter is there and blank: %j',
    async (instanceName) => {
      expect(await names({ instanceName })).toEqual([]);
    },
  );

  it('refuses more than 200 names', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`).join(',');
    expect(await names({ instanceName: many(200) })).toHaveLength(200);
    expect(await names({ instanceName: many(201) })).toBe(
      'invalid_query: Invalid query: instanceName must have at most 200 names',
    );
  });
});
