import { runWebhookChaos } from '../support/webhook-chaos.js';
import { openTestDatabase } from './instances-stage.js';

describe('a receiver that fails every fifth time while the product is restarted', () => {
  it('gets every event, in the order of each call', async () => {
    const dataSource = await openTestDatabase();
    const report = await runWebhookChaos(dataSource, { events: 500, seed: 1, failing: 0.2, restarts: 2 });
    await dataSource.destroy();
    expect(report).toMatchObject({ events: 500, lost: 0, outOfOrder: 0, leftOver: 0 });
    expect(report.failedTries).toBeGreaterThan(50);
  }, 120_000);
});
