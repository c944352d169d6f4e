import {
  MAX_IDLE_SOCKETS_PER_ACCOUNT,
  MAX_SOCKETS_PER_ORIGIN,
} from '../../../src/webhooks/sending/checked-agents.js';
import type { WebhookSenderOptions } from '../../../src/webhooks/sending/webhook-sender.js';
import { Receiver, useSending } from './support/receiver.js';

describe('a webhook of an account', () => {
  const { receiving, senderWith } = useSending();

  function sending(options: WebhookSenderOptions = {}) {
    const sender = senderWith(options);
    return {
      sender,
      send: (url: string, accountId = 'a') =>
        sender.send({ accountId, url, headers: {}, body: '{}', allowPrivate: true }),
    };
  }

  it('shares connections with others to the same receiver, at most so many at once', async () => {
    const receiver = await receiving(Receiver.http((_, response) => setTimeout(() => response.end(), 2)));
    const { send } = sending();
    const results = await Promise.all(Array.from({ length: 500 }, () => send(receiver.url)));
    expect(results.every((result) => result.kind === 'answered')).toBe(true);
    expect(receiver.received).toHaveLength(500);
    expect(receiver.connections).toBeLessThanOrEqual(MAX_SOCKETS_PER_ORIGIN * 2);
  });

  it('that gets no connection in time, since others of its account have them all, is not sent and has not failed', async () => {
    const receiver = await receiving(Receiver.tcp(() => undefined));
    const { send } = sending({ timeoutMs: 400, waitMs: 100 });
    const results = await Promise.all(
      Array.from({ length: MAX_SOCKETS_PER_ORIGIN * 2 }, () => send(receiver.url)),
    );
    const reasons = results.map((result) => result.kind === 'failed' && result.reason);
    expect(reasons.filter((reason) => reason === 'timeout')).toHaveLength(MAX_SOCKETS_PER_ORIGIN);
    expect(reasons.filter((reason) => reason === 'busy')).toHaveLength(MAX_SOCKETS_PER_ORIGIN);
    expect(receiver.connections).toBe(MAX_SOCKETS_PER_ORIGIN);
  });

  it('has its whole time limit, however long it waited for a connection', async () => {
    const receiver = await receiving(Receiver.http((_, response) => setTimeout(() => response.end(), 300)));
    const { send } = sending({ timeoutMs: 500 });
    const results = await Promise.all(
      Array.from({ length: MAX_SOCKETS_PER_ORIGIN * 3 }, () => send(receiver.url)),
    );
    expect(results.every((result) => result.kind === 'answered')).toBe(true);
  });

  it('waits for no connection of another account, not even to the same origin', async () => {
    let isQuick = false;
    const receiver = await receiving(Receiver.http((_, response) => isQuick && response.end()));
    const { send, sender } = sending();
    const stuck = Array.from({ length: MAX_SOCKETS_PER_ORIGIN * 3 }, () => send(receiver.url));
    await eventually(() => receiver.openConnections === MAX_SOCKETS_PER_ORIGIN);
    isQuick = true;
    const result = await send(receiver.url, 'b');
    expect(result).toMatchObject({ kind: 'answered', status: 200 });
    expect(result.durationMs).toBeLessThan(1000);
    await sender.close();
    await Promise.all(stuck);
  });

  it('uses no connection that was kept for another account', async () => {
    const receiver = await receiving(Receiver.http());
    const { send } = sending();
    for (const account of ['a', 'b', 'a', 'b']) await send(receiver.url, account);
    expect(receiver.received.map(({ connection }) => connection)).toEqual([1, 2, 1, 2]);
  });

  it('leaves few connections open for an account that sends to very many origins', async () => {
    const receiver = await receiving(Receiver.http());
    const { send } = sending({
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    });
    const sends = Array.from({ length: MAX_IDLE_SOCKETS_PER_ACCOUNT * 3 }, (_, host) =>
      send(`http://host${host}.example:${receiver.port}/`),
    );
    const results = await Promise.all([...sends, send(receiver.url, 'b')]);
    expect(results.every((result) => result.kind === 'answered')).toBe(true);
    await eventually(() => receiver.openConnections === MAX_IDLE_SOCKETS_PER_ACCOUNT + 1);
  });
});

/** Waits for something that the other end of a connection brings about. */
async function eventually(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 3000; !condition();) {
    if (Date.now() > deadline) throw new Error('It did not come about');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
