import type { Browser } from 'playwright-core';
import { Stage } from '../support/stage.js';
import { launchChromium } from './support/chromium.js';
import { describeInBrowser } from './support/describe-in-browser.js';
import { Visit } from './support/visit.js';

describeInBrowser('the eye on the pages', () => {
  let stage: Stage;
  let browser: Browser;
  let visit: Visit;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([Stage.open(), launchChromium()]);
    visit = await Visit.open(browser, stage.product.url, '/console');
  });

  afterEach(() => {
    visit.faults.length = 0;
  });

  afterAll(async () => {
    await browser.close();
    await stage.close();
  });

  const told = (what: RegExp) =>
    stage.until(() => visit.faults.some((fault) => what.test(fault)), String(what));

  it('finds nothing wrong with a page that is left alone', () => {
    expect(visit.faults).toEqual([]);
  });

  it('sees a script that the policy of the page does not allow', async () => {
    await visit.page.evaluate(
      'document.body.append(Object.assign(document.createElement("script"), { text: "window.intruder = true" }))',
    );

    await told(/content security policy: script-src/);
    expect(await visit.page.evaluate('typeof window.intruder')).toBe('undefined');
  });

  it('sees a request to another place, which the policy of the page does not allow', async () => {
    await visit.page.evaluate('fetch("http://127.0.0.1:9/").catch(() => undefined)');

    await told(/content security policy: connect-src/);
  });

  it('sees a request to another place from a page without a policy', async () => {
    const docs = await Visit.open(browser, stage.product.url, '/docs');
    await docs.page.goto('data:text/html,<title>no policy</title>');
    await docs.page.evaluate('fetch("http://127.0.0.1:9/", { mode: "no-cors" }).catch(() => undefined)');
    await docs.close();

    expect(docs.faults).toContain('foreign request: http://127.0.0.1:9/');
  });

  it('sees a script that fails', async () => {
    await visit.page.evaluate('setTimeout(() => { throw new Error("broken"); })');

    await told(/^script failed: broken$/);
  });
});
