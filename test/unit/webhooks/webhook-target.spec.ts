import { jest } from '@jest/globals';
import { isIPv4 } from 'node:net';
import tls from 'node:tls';
import type { ResolveHost } from '../../../src/common/net/host-resolver.js';
import { WebhookSender, type SendResult } from '../../../src/webhooks/sending/webhook-sender.js';
import { makeAuthority, makeCertificate } from '../../support/certificates.js';
import { FakeInternet } from '../common/net/support/fake-internet.js';
import { Receiver } from './support/receiver.js';

const PUBLIC = '93.184.216.34';
const OTHER_PUBLIC = '93.184.216.35';
const PUBLIC_IPV6 = '2606:2800:220:1:248:1893:1c8b:1946';
const LOCAL_ANSWERS = [
  ['127.0.0.1'],
  ['::1'],
  ['0.0.0.0'],
  ['10.0.0.1'],
  ['172.16.0.1'],
  ['192.168.0.1'],
  ['100.64.0.1'],
  ['169.254.169.254'],
  ['224.0.0.1'],
  ['::ffff:127.0.0.1'],
  ['64:ff9b::7f00:1'],
  ['2002:7f00:1::'],
  ['fe80::1'],
  ['fd00:ec2::254'],
  [PUBLIC, '127.0.0.1'],
  ['127.0.0.1', PUBLIC],
  [PUBLIC, PUBLIC_IPV6, '::1'],
];

/** Gives one list of addresses after the other; the last one for ever. Remembers what was asked. */
class Names {
  readonly asked: string[] = [];

  constructor(private readonly answers: readonly (readonly string[])[]) {}

  readonly resolve: ResolveHost = (hostname) => {
    const addresses = this.answers[Math.min(this.asked.length, this.answers.length - 1)] ?? [];
    this.asked.push(hostname);
    return Promise.resolve(addresses.map((address) => ({ address, family: isIPv4(address) ? 4 : 6 })));
  };
}

describe('the target of a webhook', () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const thing of open.splice(0)) await thing.close();
  });

  async function receiving(receiver: Promise<Receiver>): Promise<Receiver> {
    open.unshift(await receiver);
    return receiver;
  }

  function sending(resolve?: ResolveHost) {
    const sender = new WebhookSender({ timeoutMs: 3000, resolve });
    open.unshift(sender);
    return (url: string, allowPrivate = false): Promise<SendResult> =>
      sender.send({ accountId: 'a', url, headers: {}, body: '{}', allowPrivate });
  }

  it('is reached at the public address of its name', async () => {
    const receiver = await receiving(Receiver.http());
    const internet = new FakeInternet().route(PUBLIC, receiver.port);
    const names = new Names([[PUBLIC]]);
    const send = sending(names.resolve);
    await expect(send('http://hooks.example.com/a')).resolves.toMatchObject({
      kind: 'answered',
      status: 200,
    });
    expect(internet.dialled).toEqual([PUBLIC]);
    expect(receiver.received[0]?.headers.host).toBe('hooks.example.com');
  });

  it('is reached at a public address without a name', async () => {
    const receiver = await receiving(Receiver.http());
    new FakeInternet().route(PUBLIC, receiver.port);
    await expect(sending()(`http://${PUBLIC}/`)).resolves.toMatchObject({ kind: 'answered' });
  });

  it.each(LOCAL_ANSWERS.map((addresses) => [addresses.join(' and '), addresses] as const))(
    'is refused when its name resolves to %s',
    async (_, addresses) => {
      const internet = new FakeInternet();
      const send = sending(new Names([addresses]).resolve);
      for (const scheme of ['http', 'https']) {
        await expect(send(`${scheme}://hooks.example.com/`)).resolves.toMatchObject({
          reason: 'target_refused',
        });
      }
      expect(internet.dialled).toEqual([]);
    },
  );

  it('is not connected to when its name resolves to a real local server', async () => {
    const receiver = await receiving(Receiver.http());
    const url = `http://hooks.example.com:${receiver.port}/`;
    const names = new Names([['127.0.0.1']]);
    await expect(sending(names.resolve)(url)).resolves.toMatchObject({ reason: 'target_refused' });
    expect(receiver.connections).toBe(0);
    await expect(sending(names.resolve)(url, true)).resolves.toMatchObject({ kind: 'answered' });
  });

  it('cannot be rebound: the address that was checked is the one that is dialled', async () => {
    const receiver = await receiving(Receiver.http());
    const victim = await receiving(Receiver.http());
    const internet = new FakeInternet().route(PUBLIC, receiver.port).route('127.0.0.1', victim.port);
    const names = new Names([[PUBLIC], ['127.0.0.1']]);
    const send = sending(names.resolve);
    await expect(send('http://rebind.example.com/')).resolves.toMatchObject({ kind: 'answered' });
    expect([names.asked, internet.dialled]).toEqual([['rebind.example.com'], [PUBLIC]]);

    receiver.cutConnections();
    await expect(send('http://rebind.example.com/')).resolves.toMatchObject({ reason: 'target_refused' });
    expect(internet.dialled).toEqual([PUBLIC]);
    expect(victim.connections).toBe(0);
  });

  it('is refused when the network connects to somebody else', async () => {
    const victim = await receiving(Receiver.http());
    new FakeInternet().route(PUBLIC, victim.port, '127.0.0.1');
    const send = sending(new Names([[PUBLIC]]).resolve);
    await expect(send('http://hooks.example.com/')).resolves.toMatchObject({ reason: 'target_refused' });
    expect(victim.received).toEqual([]);
  });

  it('on a private address does not lend its connection to one who may not use it', async () => {
    const receiver = await receiving(Receiver.http());
    const send = sending(new Names([['127.0.0.1']]).resolve);
    const url = `http://hooks.example.com:${receiver.port}/`;
    await expect(send(url, true)).resolves.toMatchObject({ kind: 'answered' });
    await expect(send(url, false)).resolves.toMatchObject({ reason: 'target_refused' });
    await expect(send(receiver.url, false)).resolves.toMatchObject({ reason: 'target_refused' });
    expect(receiver.received).toHaveLength(1);
  });

  it('is not led elsewhere by a redirect', async () => {
    const victim = await receiving(Receiver.http());
    const receiver = await receiving(
      Receiver.http((_, response) => response.writeHead(307, { location: victim.url }).end()),
    );
    new FakeInternet().route(PUBLIC, receiver.port);
    const send = sending(new Names([[PUBLIC]]).resolve);
    await expect(send('http://hooks.example.com/')).resolves.toMatchObject({ kind: 'answered', status: 307 });
    expect(victim.connections).toBe(0);
  });

  it.each([
    ['has no address', () => Promise.resolve([])],
    ['is unknown', () => Promise.reject(new Error('getaddrinfo ENOTFOUND'))],
  ])('fails when its name %s', async (_, resolve) => {
    await expect(sending(resolve)('http://hooks.example.com/')).resolves.toMatchObject({
      reason: 'dns_failed',
    });
  });

  describe('over TLS', () => {
    const authority = makeAuthority();
    const certificate = makeCertificate(['hooks.example.com'], authority);

    /** Adds the test's authority to what the machine trusts, as an administrator would. */
    function trustTestAuthority(): void {
      const { createSecureContext } = tls;
      jest
        .spyOn(tls, 'createSecureContext')
        .mockImplementation((options) => createSecureContext({ ...options, ca: authority.certPem }));
    }

    async function sendTo(receiver: Receiver, url = 'https://hooks.example.com/') {
      new FakeInternet().route(PUBLIC, receiver.port).route(OTHER_PUBLIC, receiver.port);
      return sending(new Names([[PUBLIC]]).resolve)(url);
    }

    it('is told its name, and must prove it', async () => {
      trustTestAuthority();
      const receiver = await receiving(Receiver.http(undefined, certificate));
      await expect(sendTo(receiver)).resolves.toMatchObject({ kind: 'answered', status: 200 });
      expect(receiver.serverNames).toEqual(['hooks.example.com']);
      expect(receiver.received[0]?.headers.host).toBe('hooks.example.com');
    });

    it.each([
      ['wrong_name', 'is of another name', makeCertificate(['other.example.com'], authority)],
      ['wrong_name', 'is of its address', makeCertificate([PUBLIC], authority)],
      ['expired', 'has expired', makeCertificate(['hooks.example.com'], authority, -1)],
      ['self_signed', 'is its own issuer', makeCertificate(['hooks.example.com'])],
      [
        'unknown_ca',
        'is of an unknown authority',
        makeCertificate(['hooks.example.com'], makeAuthority('Nobody')),
      ],
    ])('is refused as certificate_%s when its certificate %s', async (code, _, wrong) => {
      trustTestAuthority();
      const receiver = await receiving(Receiver.http(undefined, wrong));
      const reason = `certificate_${code}`;
      await expect(sendTo(receiver)).resolves.toMatchObject({ kind: 'failed', reason });
      expect(receiver.received).toEqual([]);
    });

    it('is refused with an untrusted certificate even where Node is told to take any', async () => {
      // NODE_TLS_REJECT_UNAUTHORIZED=0 turns the default of this option around.
      const { connect } = tls;
      const spy = jest.spyOn(tls, 'connect').mockImplementation((...args: unknown[]) => {
        const [options] = args as [tls.ConnectionOptions];
        return connect({ rejectUnauthorized: false, ...options });
      });
      const receiver = await receiving(Receiver.http(undefined, makeCertificate(['127.0.0.1'])));
      const url = receiver.url.replace('http:', 'https:');
      await expect(sending()(url, true)).resolves.toMatchObject({
        reason: 'certificate_self_signed',
      });
      expect(spy).toHaveBeenCalled();
      expect(receiver.received).toEqual([]);
    });

    it('is refused when it speaks no TLS', async () => {
      const receiver = await receiving(
        Receiver.tcp((socket) => socket.once('data', () => socket.end('hello'))),
      );
      await expect(sendTo(receiver)).resolves.toMatchObject({ kind: 'failed', reason: 'tls_failed' });
    });

    it('is not spoken to when the network connects to somebody else', async () => {
      const bytes: Buffer[] = [];
      const victim = await receiving(
        Receiver.tcp((socket) => socket.on('data', (chunk) => bytes.push(chunk))),
      );
      new FakeInternet().route(PUBLIC, victim.port, '10.0.0.1');
      const send = sending(new Names([[PUBLIC]]).resolve);
      await expect(send('https://hooks.example.com/')).resolves.toMatchObject({ reason: 'target_refused' });
      expect(bytes).toEqual([]);
    });
  });
});
