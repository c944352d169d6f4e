import { createDatabase } from '../support/postgres.js';
import { Stage } from '../support/stage.js';

const CALLEE = '5511999990801';
const POOLER = process.env['TEST_POOLER_URL'];

/** Where there is no pooler the global set-up says so. */
const describeWithPooler = POOLER ? describe : describe.skip;

describeWithPooler('the product behind a pooler in transaction mode', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ DATABASE_URL: await createDatabase(POOLER ?? '') });
    stage.simulator.addContact({ number: CALLEE });
    await stage.linkedInstance('shop', '5511988880801');
  });

  afterAll(() => stage.close());

  const ring = async () => {
    const { body } = await stage.call('shop', { number: CALLEE, duration: 1 });
    return stage.endedCall('shop', String(body.callId));
  };

  it('starts, links a phone and makes a call, and goes on with both after a restart and after a crash', async () => {
    expect(await ring()).toMatchObject({ outcome: 'completed' });
    await stage.product.stop();
    await stage.restart();
    await stage.untilStatus('shop', 'connected');
    expect(await ring()).toMatchObject({ outcome: 'completed' });
    await stage.product.kill();
    await stage.restart();
    await stage.untilStatus('shop', 'connected');
    expect(await ring()).toMatchObject({ outcome: 'completed' });
    expect(stage.product.complaints()).toBe('');
  });
});
