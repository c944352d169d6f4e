import { hostResolver } from '../../../../src/common/net/host-resolver.js';
import { NameServer } from './support/name-server.js';

describe('the look-up of a host', () => {
  let names: NameServer;

  beforeEach(async () => {
    names = await NameServer.start({
      'both.example': { a: ['93.184.216.34', '93.184.216.35'], aaaa: ['2606280002200001024818931c8b1946'] },
      'four.example': { a: ['93.184.216.34'] },
      'six.example': { aaaa: ['20010db8000000000000000000000001'] },
      'empty.example': {},
    });
  });

  afterEach(() => names.close());

  it.each([
    [
      'both.example',
      [
        { address: '93.184.216.34', family: 4 },
        { address: '93.184.216.35', family: 4 },
        { address: '2606:2800:220:1:248:1893:1c8b:1946', family: 6 },
      ],
    ],
    ['four.example', [{ address: '93.184.216.34', family: 4 }]],
    ['six.example', [{ address: '2001:db8::1', family: 6 }]],
  ])('finds every address of %s', async (name, addresses) => {
    const resolve = hostResolver([names.address]);
    await expect(resolve(name, { allowPrivate: false }, 'a')).resolves.toEqual(addresses);
  });

  it.each([
    ['empty.example', 'ENODATA'],
    ['unknown.example', 'ENOTFOUND'],
  ])('fails for %s, which has none', async (name, code) => {
    const resolve = hostResolver([names.address]);
    await expect(resolve(name, { allowPrivate: false }, 'a')).rejects.toMatchObject({ code });
  });

  it('leaves private names to the system', async () => {
    const addresses = await hostResolver([names.address])('localhost', { allowPrivate: true }, 'a');
    expect(addresses.map(({ address }) => address)).toContain('127.0.0.1');
    expect(names.asked).toEqual([]);
  });

  it('keeps a thread for others when an account has names that the system never finds', async () => {
    const asked: string[] = [];
    const resolve = hostResolver([names.address], (name) => {
      asked.push(name);
      return name === 'quick' ? Promise.resolve([]) : new Promise(() => undefined);
    });
    for (let n = 0; n < 10; n += 1) void resolve(`silent${n}`, { allowPrivate: true }, 'a');
    await expect(resolve('quick', { allowPrivate: true }, 'b')).resolves.toEqual([]);
    expect(asked).toEqual(['silent0', 'silent1', 'quick']);
  });

  it('asks DNS for names that only the system knows when the receiver must be public', async () => {
    const resolve = hostResolver([names.address]);
    await expect(resolve('localhost', { allowPrivate: false }, 'a')).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });
});
