import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { SecuredClient } from '../../../src/database/secured-client.js';

const PASSWORD = 'the-password-of-the-database';

const message = (type: string, ...body: Buffer[]): Buffer => {
  const rest = Buffer.concat(body);
  const length = Buffer.alloc(4);
  length.writeInt32BE(rest.length + 4);
  return Buffer.concat([Buffer.from(type), length, rest]);
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const READY = message('Z', Buffer.from('I'));
/** What somebody says who has taken the port of a database that is away. */
const DEMANDS = {
  'the password in clear text': message('R', int32(3)),
  'an MD5 hash of the password': message('R', int32(5), Buffer.from('salt')),
  'nothing at all': Buffer.concat([message('R', int32(0)), READY]),
  'nothing, without even an answer': READY,
  'a proof that is finished before it was begun': message('R', int32(12), Buffer.from('v=AAAA')),
};

describe('a server in the place of the database', () => {
  let server: Server;
  let received = '';
  let url = '';

  const listen = async (demand: Buffer, then: Buffer = Buffer.alloc(0)) => {
    received = '';
    server = createServer((socket: Socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(demand);
        socket.on('data', (data) => {
          received += data.toString('latin1');
          socket.write(then);
        });
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    url = `postgres://ringdrop_app:${PASSWORD}@127.0.0.1:${port}/postgres`;
  };

  const connect = async (connectionString: string, Client: typeof pg.Client = SecuredClient) => {
    const client = new Client({ connectionString });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT 1');
    } finally {
      await client.end();
    }
  };

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it.each(Object.entries(DEMANDS))(
    'gets no password and no statement where SCRAM is required when it asks for %s',
    async (_, demand) => {
      await listen(demand, READY);
      await expect(connect(`${url}?require_auth=scram-sha-256`)).rejects.toThrow();
      expect(received.replace(/^X.*$/s, '')).toBe('');
    },
  );

  it('gets no password in clear without TLS, wherever it is', async () => {
    await listen(DEMANDS['the password in clear text']);
    await expect(connect(url)).rejects.toMatchObject({
      name: 'RefusedAuthentication',
      message:
        'The database asks for the password in clear text, which is sent over TLS or a Unix socket only',
    });
    expect(received).toBe('');
  });

  it('would get it from a client of the library itself', async () => {
    await listen(DEMANDS['the password in clear text'], message('E', Buffer.from('SFATAL\0C28P01\0Mno\0\0')));
    await expect(connect(url, pg.Client)).rejects.toThrow('no');
    expect(received).toContain(PASSWORD);
  });
});
