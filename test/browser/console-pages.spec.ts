import type { Browser } from 'playwright-core';
import { runSql } from '../support/postgres.js';
import { Stage } from '../support/stage.js';
import { launchChromium } from './support/chromium.js';
import { Console } from './support/console.js';
import { describeInBrowser } from './support/describe-in-browser.js';
import { Visit } from './support/visit.js';

const INSTANCES = 450;
const nameOf = (place: number) => `n${String(place).padStart(3, '0')}`;

describeInBrowser('the console of an account with more instances than a page holds', () => {
  let stage: Stage;
  let browser: Browser;
  let visit: Visit;
  let desk: Console;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([Stage.open(), launchChromium()]);
    await runSql(
      stage.databaseUrl,
      `INSERT INTO instances (account_id, name)
       SELECT accounts.id, 'n' || lpad(n::text, 3, '0') FROM accounts, generate_series(1, ${INSTANCES}) n`,
    );
  });

  beforeEach(async () => {
    visit = await Visit.open(browser, stage.product.url, '/console');
    desk = new Console(visit.page);
    await desk.signIn(stage.token);
  });

  afterEach(async () => {
    await visit.close();
    expect(visit.faults).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await stage.close();
  });

  const turn = (button: 'Next' | 'Previous') => visit.page.getByRole('button', { name: button }).click();

  it('shows it page by page, and keeps the selected instance in view', async () => {
    await visit.sees(`1–200 of ${INSTANCES}`);
    expect(await desk.cards()).toHaveLength(200);
    await desk.select(nameOf(3));

    await turn('Next');
    await visit.sees(`201–400 of ${INSTANCES}`);
    expect(await desk.cards()).toEqual([
      nameOf(3),
      ...Array.from({ length: 200 }, (_, index) => nameOf(201 + index)),
    ]);

    await desk.select(nameOf(250));
    await turn('Next');
    await visit.sees(`401–${INSTANCES} of ${INSTANCES}`);
    expect(await desk.cards()).toHaveLength(51);
    expect(await visit.page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);

    await turn('Previous');
    await visit.sees(`201–400 of ${INSTANCES}`);
    expect(await desk.cards()).toHaveLength(200);
    await visit.page.getByRole('heading', { name: `Test call from ${nameOf(250)}` }).waitFor();
  });

  it('shows a new instance whichever page it is on', async () => {
    await visit.page.getByLabel('New instance').fill('zoo');
    await visit.page.getByRole('button', { name: 'Make' }).click();
    await visit.sees('Instance zoo made');

    await visit.page.getByRole('heading', { name: 'Test call from zoo' }).waitFor();
    await desk.card('zoo').getByRole('button', { name: 'Connect' }).waitFor();
  });
});
