import { welcome } from '../../../src/startup/welcome.js';

const later = { url: 'http://127.0.0.1:3000', firstToken: undefined, place: undefined };

describe('what the start prints', () => {
  it('is the address and the docs on later starts', () => {
    expect(welcome(later)).toBe(
      'Ringdrop is listening on http://127.0.0.1:3000\nDocs: http://127.0.0.1:3000/docs\n',
    );
  });

  it('is also the token and three commands on the first start, in one piece that a pipe keeps together', () => {
    const text = welcome({ ...later, firstToken: 'rda_secret' });
    expect(text.match(/^ {2}curl .*rda_secret/gm)).toHaveLength(3);
    expect(text.length).toBeLessThan(4096);
  });

  it('says where the embedded database is, and why it is not in ./data', () => {
    const dataOf = (place: Parameters<typeof welcome>[0]['place']) =>
      welcome({ ...later, place }).split('\n')[2];
    expect(dataOf({ dataDir: '/srv/ringdrop/data' })).toBe('Data: /srv/ringdrop/data');
    const moved = dataOf({ dataDir: '/var/lib/ringdrop', closedFolder: '/root' });
    expect(moved).toMatch(/^Data: \/var\/lib\/ringdrop \(.*may not enter \/root.*DATA_DIR/);
  });
});
