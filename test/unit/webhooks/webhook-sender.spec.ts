import type { LookupAddress } from 'node:dns';
import { PRODUCT_VERSION } from '../../../src/common/product.js';
import { MAX_SOCKETS_PER_ORIGIN } from '../../../src/webhooks/sending/checked-agents.js';
import type { WebhookSenderOptions } from '../../../src/webhooks/sending/webhook-sender.js';
import { Receiver, useSending } from './support/receiver.js';

const BODY = JSON.stringify({ event: 'call.update', data: { note: 'olá ☎' } });
const HTTP_OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('a webhook that is sent', () => {
  const { receiving, senderWith } = useSending();

  function sending(options: WebhookSenderOptions = {}) {
    const sender = senderWith(options);
    return {
      sender,
      send: (url: string, headers: Record<string, string> = {}) =>
        sender.send({ accountId: 'a', url, headers, body: BODY, allowPrivate: true }),
    };
  }

  it('arrives as one POST with its body and headers', async () => {
    const receiver = await receiving(Receiver.http());
    const { send } = sending();
    const result = await send(`${receiver.url}/call.update?a=b%20c`, {
      authorization: 'Bearer abc',
      'webhook-id': 'evt_1',
    });
    expect(result).toEqual({ kind: 'answered', status: 200, durationMs: expect.any(Number) as number });
    expect(receiver.received).toHaveLength(1);
    expect(receiver.received[0]).toMatchObject({
      method: 'POST',
      path: '/hook/call.update?a=b%20c',
      body: BODY,
      headers: {
        host: `127.0.0.1:${receiver.port}`,
        authorization: 'Bearer abc',
        'webhook-id': 'evt_1',
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(BODY)),
        'user-agent': `Ringdrop/${PRODUCT_VERSION}`,
      },
    });
  });

  it.each([200, 204, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])(
    'is answered by status %i, and no redirect is followed',
    async (status) => {
      const receiver = await receiving(
        Receiver.http((_, response) => response.writeHead(status, { location: '/elsewhere' }).end()),
      );
      await expect(sending().send(receiver.url)).resolves.toMatchObject({ kind: 'answered', status });
      expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
    },
  );

  it('is answered with Retry-After and the date of the answer when the receiver sends it', async () => {
    const date = 'Sat, 31 Jan 2026 12:00:00 GMT';
    const receiver = await receiving(
      Receiver.http((_, response) => response.writeHead(429, { 'retry-after': '60', date }).end()),
    );
    await expect(sending().send(receiver.url)).resolves.toMatchObject({
      status: 429,
      retryAfter: '60',
      date,
    });
  });

  it('is taken as answered by a status whose body never ends, and the connection is cut', async () => {
    const receiver = await receiving(
      Receiver.http((_, response) => {
        const pump = () => {
          while (!response.destroyed && response.write(Buffer.alloc(16 * 1024))) continue;
        };
        response.on('drain', pump);
        pump();
      }),
    );
    const result = await sending().send(receiver.url);
    expect(result).toMatchObject({ kind: 'answered', status: 200 });
    expect(result.durationMs).toBeLessThan(2500);
    await eventually(() => receiver.openConnections === 0);
  });

  it('reads an answer of 64 kB to its end and keeps the connection', async () => {
    const receiver = await receiving(Receiver.http((_, response) => response.end(Buffer.alloc(64 * 1024))));
    const { send } = sending();
    for (let round = 0; round < 3; round++) await send(receiver.url);
    expect(receiver.connections).toBe(1);
  });

  it.each<[string, string]>([
    ['stalls', 'HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nok'],
    ['stalls in a chunk', 'HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nok'],
  ])('is taken as answered by a status whose body %s', async (_, answer) => {
    const receiver = await receiving(
      Receiver.tcp((socket) => socket.once('data', () => socket.write(answer))),
    );
    await expect(sending({ timeoutMs: 150 }).send(receiver.url)).resolves.toMatchObject({ status: 202 });
  });

  it('is taken as answered by a status whose body breaks off', async () => {
    const answer = 'HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nok';
    const receiver = await receiving(Receiver.tcp((socket) => socket.once('data', () => socket.end(answer))));
    await expect(sending().send(receiver.url)).resolves.toMatchObject({ kind: 'answered', status: 202 });
  });

  it.each<[string, string[]]>([
    ['says nothing', []],
    ['never ends its status line', ['HTTP/1.1 2']],
    ['never ends its headers', ['HTTP/1.1 200 OK\r\n', 'x: y\r\n']],
    ['only says that it goes on', ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 102 Processing\r\n\r\n']],
  ])('times out when the receiver %s', async (_, parts) => {
    const receiver = await receiving(
      Receiver.tcp((socket) => {
        for (const part of parts) socket.write(part);
      }),
    );
    const result = await sending({ timeoutMs: 150 }).send(receiver.url);
    expect(result).toMatchObject({ kind: 'failed', reason: 'timeout' });
    expect(result.durationMs).toBeGreaterThanOrEqual(140);
    expect(result.durationMs).toBeLessThan(1000);
    await eventually(() => receiver.openConnections === 0);
  });

  it('times out when the receiver drips its headers', async () => {
    const receiver = await receiving(
      Receiver.tcp((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('x: y\r\n'), 10);
        socket.on('close', () => clearInterval(drip));
      }),
    );
    await expect(sending({ timeoutMs: 150 }).send(receiver.url)).resolves.toMatchObject({
      reason: 'timeout',
    });
  });

  it('times out when its name is never answered', async () => {
    const resolve = () => new Promise<LookupAddress[]>(() => undefined);
    const { send } = sending({ timeoutMs: 100, resolve });
    await expect(send('http://silent.example/')).resolves.toMatchObject({ reason: 'timeout' });
  });

  it('is not held up by another receiver that hangs', async () => {
    const hanging = await receiving(Receiver.tcp(() => undefined));
    const healthy = await receiving(Receiver.http());
    const { send, sender } = sending();
    const stuck = Array.from({ length: MAX_SOCKETS_PER_ORIGIN * 3 }, () => send(hanging.url));
    const result = await send(healthy.url);
    expect(result).toMatchObject({ kind: 'answered', status: 200 });
    expect(result.durationMs).toBeLessThan(1000);
    await sender.close();
    await Promise.all(stuck);
  });

  it.each<[string, string, string]>([
    ['nothing but bytes', '\u0001\u0002\u0003 hello\r\n\r\n', 'invalid_response'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'invalid_response'],
    ['a status of letters', 'HTTP/1.1 abc OK\r\n\r\n', 'invalid_response'],
    [
      'two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'invalid_response',
    ],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'x: yyyyyyyyyyyyyyyy\r\n'.repeat(2000)}`, 'invalid_response'],
    ['HTTP/0.9', '<html>hello</html>', 'invalid_response'],
    ['half a status line', 'HTTP/1.1 20', 'connection_reset'],
    ['nothing at all', '', 'connection_reset'],
    [
      'a change of protocol',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      'connection_reset',
    ],
  ])('fails when the receiver answers with %s', async (_, answer, reason) => {
    const receiver = await receiving(Receiver.tcp((socket) => socket.once('data', () => socket.end(answer))));
    await expect(sending().send(receiver.url)).resolves.toMatchObject({ kind: 'failed', reason });
  });

  it('fails when the receiver resets the connection', async () => {
    const receiver = await receiving(
      Receiver.tcp((socket) => socket.once('data', () => socket.resetAndDestroy())),
    );
    await expect(sending().send(receiver.url)).resolves.toMatchObject({ reason: 'connection_reset' });
  });

  it('fails when nobody listens', async () => {
    const receiver = await Receiver.http();
    const { url } = receiver;
    await receiver.close();
    await expect(sending().send(url)).resolves.toMatchObject({ reason: 'connection_refused' });
  });

  it('fails when its URL cannot be a target', async () => {
    await expect(sending().send('ftp://127.0.0.1/')).resolves.toMatchObject({ reason: 'target_refused' });
  });

  it.each([
    ['a line break', 'Bearer a\r\nX-Evil: 1'],
    ['a character beyond Latin-1', 'Bearer ☎'],
  ])('is not sent with %s in a header', async (_, authorization) => {
    const receiver = await receiving(Receiver.http());
    await expect(sending().send(receiver.url, { authorization })).resolves.toMatchObject({
      kind: 'failed',
      reason: 'invalid_request',
    });
    expect(receiver.connections).toBe(0);
  });

  it('survives a kept connection that the receiver closes at that moment', async () => {
    let requests = 0;
    const receiver = await receiving(
      Receiver.tcp((socket) => {
        let isUsed = false;
        socket.on('data', () => {
          requests++;
          if (isUsed) return socket.destroy();
          isUsed = true;
          socket.write(HTTP_OK);
        });
      }),
    );
    const { send } = sending();
    for (let round = 0; round < 3; round++) {
      await expect(send(receiver.url)).resolves.toMatchObject({ kind: 'answered', status: 200 });
    }
    expect([requests, receiver.connections]).toEqual([5, 3]);
  });

  it('is aborted at shutdown, and so is every later one', async () => {
    const receiver = await receiving(Receiver.tcp(() => undefined));
    const { send, sender } = sending();
    const running = Array.from({ length: MAX_SOCKETS_PER_ORIGIN + 5 }, () => send(receiver.url));
    await eventually(() => receiver.openConnections > 0);
    await sender.close();
    for (const result of await Promise.all(running)) {
      expect(result).toMatchObject({ kind: 'failed', reason: 'aborted' });
    }
    await eventually(() => receiver.openConnections === 0);
    await expect(send(receiver.url)).resolves.toMatchObject({ kind: 'failed', reason: 'aborted' });
    await sender.close();
  });
});

/** Waits for something that the other end of a connection brings about. */
async function eventually(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 3000; !condition();) {
    if (Date.now() > deadline) throw new Error('It did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
