import type { Browser } from 'playwright-core';
import { readQr } from '../support/read-qr.js';
import { Stage } from '../support/stage.js';
import { launchChromium } from './support/chromium.js';
import { describeInBrowser } from './support/describe-in-browser.js';
import { SwaggerUi } from './support/swagger-ui.js';
import { Visit } from './support/visit.js';

const CALLER = '5511950000001';
const CALLEE = '5511950000002';

describeInBrowser('Swagger UI', () => {
  let stage: Stage;
  let browser: Browser;
  let visit: Visit;
  let docs: SwaggerUi;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([Stage.open(), launchChromium()]);
  });

  beforeEach(async () => {
    visit = await Visit.open(browser, stage.product.url, '/docs');
    docs = new SwaggerUi(visit.page);
    await docs.ready();
  });

  afterEach(async () => {
    await visit.close();
    expect(visit.faults).toEqual([]);
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await stage.close();
  });

  it('takes a newcomer from the account token to a ringing phone, with nothing but the page', async () => {
    stage.simulator.addContact({ number: CALLEE, behaviour: { kind: 'rings' } });
    await docs.authorize('TokenAccount', stage.token);

    const created = await (await docs.open('post', '/api/instance/new')).execute({}, { name: 'shop' });
    expect(created.status).toBe(201);
    expect(JSON.parse(created.text)).toMatchObject({ instance: { name: 'shop', status: 'disconnected' } });

    const connect = await docs.open('get', '/api/instance/connect/{instance}');
    const offered = await connect.execute({ instance: 'shop' });
    expect(offered.status).toBe(200);
    expect(JSON.parse(offered.text)).toMatchObject({ message: 'QR code generated', status: 'qr' });

    const qr = await docs.open('get', '/api/instance/qr/{instance}');
    expect(await qr.execute({ instance: 'shop' })).toEqual({ status: 200, text: '' });
    const picture = qr.block.locator('.live-responses-table img');
    await picture.scrollIntoViewIfNeeded();
    expect(
      await visit.page.evaluate('document.querySelector(".live-responses-table img").naturalWidth'),
    ).toBeGreaterThan(100);
    const content = readQr(await picture.screenshot());
    await stage.simulator.addPhone({ number: CALLER, name: 'Ana' }).scanQr(String(content));
    await stage.untilStatus('shop', 'connected');

    const fake = await docs.open('post', '/api/call/fake/{instance}');
    const placed = await fake.execute({ instance: 'shop' }, { number: CALLEE, duration: 1 });
    expect(placed.status).toBe(200);
    const answer = JSON.parse(placed.text) as { callId: string };
    expect(answer).toMatchObject({ message: 'Call placed successfully', number: CALLEE, duration: 1 });
    expect(await stage.endedCall('shop', answer.callId)).toMatchObject({ outcome: 'completed' });
    expect(visit.refusals).toEqual([]);
  });

  it('takes the token of one instance, which reaches that instance and nothing else', async () => {
    const { token } = await stage.newInstance('own');
    await stage.newInstance('foreign');
    await docs.authorize('TokenInstance', token);

    const list = await docs.open('get', '/api/instance/list');
    const listed = JSON.parse((await list.execute({})).text) as { instances: { name: string }[] };
    const settings = await docs.open('get', '/api/instance/getSettings/{instance}');
    const refused = await settings.execute({ instance: 'foreign' });

    expect(listed.instances.map(({ name }) => name)).toEqual(['own']);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('Instance token does not match instance');
  });

  it('shows a curl line with the token for what it has sent', async () => {
    await stage.newInstance('curl');
    await docs.authorize('TokenAccount', stage.token);

    const settings = await docs.open('get', '/api/instance/getSettings/{instance}');
    await settings.execute({ instance: 'curl' });

    const curl = await settings.block.locator('.curl-command').innerText();
    expect(curl).toContain(`${stage.product.url}/api/instance/getSettings/curl`);
    expect(curl).toContain(`token: ${stage.token}`);
  });

  it('lists the groups in the order in which a newcomer needs them', async () => {
    const groups = await visit.page.evaluate<string[]>(GROUPS);

    expect(groups.slice(0, 4)).toEqual(['Instances', 'Linking', 'Calls', 'Events']);
  });
});

const GROUPS = '[...document.querySelectorAll("[data-tag]")].map((heading) => heading.dataset.tag)';
