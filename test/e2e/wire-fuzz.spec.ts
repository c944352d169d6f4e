import { Stage } from '../support/stage.js';

describe('a server that sends nonsense', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterAll(async () => {
    await stage.close();
  });

  it('that cannot be read is not listened to for ever', async () => {
    const number = '491510000210';
    await stage.linkedInstance('deafened', number);
    const unreadable = Buffer.from([0, 0xf8, 2]);
    const logins = stage.simulator.loginCount(number);

    stage.simulator.push(number, unreadable);
    stage.simulator.push(number, { tag: 'ib', attrs: {} });
    for (let count = 0; count < 5; count += 1) stage.simulator.push(number, unreadable);

    await stage.simulator.waitForLogin(number, { times: logins + 1 });
    await stage.untilStatus('deafened', 'connected');
    expect(await stage.instance('deafened')).toMatchObject({ connection: { lastDisconnect: { code: 500 } } });
  });
});
