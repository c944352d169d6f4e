import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { failure, failureOf } from '../support/failure.js';
import { runSql } from '../support/postgres.js';
import { Stage } from '../support/stage.js';

const LOCAL_ADDRESS = 'an address that is not public';
const LOCAL_NAME = 'a name of a local network';
const HOW_TO_ALLOW = 'only with PROXY_ALLOW_PRIVATE=true may proxies be there';
const FIELDS = { proxyEnabled: true, proxyPort: '3128', proxyProtocol: 'http' };

describe('the proxy of an instance on a server that allows only public ones', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterAll(() => stage.close());

  it.each([
    ['127.0.0.1', LOCAL_ADDRESS],
    ['127.1', LOCAL_ADDRESS],
    ['2130706433', LOCAL_ADDRESS],
    ['::1', LOCAL_ADDRESS],
    ['10.0.0.5', LOCAL_ADDRESS],
    ['169.254.169.254', LOCAL_ADDRESS],
    ['localhost', LOCAL_NAME],
    ['db.internal', LOCAL_NAME],
  ])('cannot be %s, neither for a new instance nor later: it is %s', async (host, what) => {
    const refused = (field: string, what: string) =>
      failure(400, 'invalid_body', `Invalid request body: ${field} points to ${what}; ${HOW_TO_ALLOW}`);
    const fields = { ...FIELDS, proxyHost: host };

    const created = await stage.post('/api/instance/new', { name: 'hostile', ...fields });
    expect(failureOf(created)).toEqual(refused('proxyHost', what));

    const name = `later-${host.replace(/[^a-z0-9]/g, '-')}`;
    await stage.newInstance(name);
    expect(failureOf(await stage.post(`/api/instance/proxy/${name}`, fields))).toEqual(refused('host', what));
    expect(await stage.instance(name)).toMatchObject({ proxy: { enabled: false, host: null } });
  });

  it('is not connected to when it was stored before', async () => {
    const seen: unknown[] = [];
    const inside = createServer((client) => void seen.push(client.destroy()));
    await once(inside.listen(0, '127.0.0.1'), 'listening');
    const { port } = inside.address() as AddressInfo;
    const { id } = await stage.newInstance('old');
    await runSql(
      stage.databaseUrl,
      `UPDATE instances SET proxy_enabled = true, proxy_protocol = 'http', proxy_host = '127.0.0.1', proxy_port = ${port}
       WHERE id = '${id}'`,
    );

    expect(failureOf(await stage.get('/api/instance/connect/old'))).toEqual(
      failure(502, 'whatsapp_unreachable', 'WhatsApp is not reachable: the proxy could not be used'),
    );

    expect(seen).toEqual([]);
    expect(stage.product.stdout()).toMatch(
      new RegExp(`"host":"127.0.0.1","port":${port},"reason":"target_refused"`),
    );
    inside.close();
  });
});
