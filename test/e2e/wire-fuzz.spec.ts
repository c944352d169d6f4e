import { SeededRandom } from '../../bench/support/seeded-random.js';
import { WireFuzz } from '../../bench/support/wire-fuzz.js';
import { Stage } from '../support/stage.js';

const SEED = 5;
const STANZAS = 1_000;

describe('a server that sends nonsense', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ LOG_LEVEL: 'warn' });
  });

  afterAll(async () => {
    await stage.close();
  });

  it('ends no session and keeps nobody from calling', async () => {
    const lines: string[] = [];
    const fuzz = new WireFuzz(stage, new SeededRandom(SEED), (line) => void lines.push(line));
    const { violations, figures } = await fuzz.run(STANZAS);
    expect(violations).toEqual([]);
    expect(figures).toMatchObject({ stanzas: STANZAS, reconnects: 0 });
    expect(figures.calls_of_victims).toBeGreaterThan(0);
  }, 40_000);

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
