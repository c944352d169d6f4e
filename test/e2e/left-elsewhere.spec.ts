import { describeWithNats } from '../support/describe-with-nats.js';
import { TestNats } from '../support/nats.js';
import { Stage } from '../support/stage.js';

const LONG_MS = 60_000;

describeWithNats('a client that waits for a code of an instance that another process holds', () => {
  let nats: TestNats;
  let holder: Stage;
  let asker: Stage;

  beforeAll(async () => {
    nats = await TestNats.start();
    holder = await Stage.open({ NATS_URL: nats.url });
    asker = await holder.join();
    for (const stage of [asker, holder])
      await stage.until(async () => (await stage.get('/health')).status === 200, 'NATS is up', LONG_MS);
  }, LONG_MS);

  afterAll(async () => {
    await asker.close();
    await holder.close();
    await nats.kill();
  }, LONG_MS);

  it('ends the attempt there when it leaves, and the next one starts again', async () => {
    await holder.newInstance('left');
    holder.simulator.refuseLinking({ at: 'connect', code: 'silence' });
    // Whoever begins to link holds the instance.
    const first = holder.get('/api/instance/connect/left');
    await holder.untilStatus('left', 'connecting');
    await holder.delete('/api/instance/logout/left');
    await first;
    const signal = AbortSignal.timeout(1_000);
    const headers = { token: asker.token };
    const asked = fetch(`${asker.product.url}/api/instance/connect/left`, { headers, signal }).catch(
      (error: unknown) => error,
    );
    await asker.untilStatus('left', 'connecting');
    expect(await asked).toBe(signal.reason);
    await asker.untilStatus('left', 'disconnected');
    expect(await asker.instance('left')).toMatchObject({
      connection: { lastDisconnect: { reason: 'Nobody waited for the code any more' } },
    });
    holder.simulator.refuseLinking(undefined);
    expect((await asker.get('/api/instance/connect/left')).body).toMatchObject({ status: 'qr' });
  });
});
