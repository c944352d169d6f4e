import type { Browser } from 'playwright-core';
import { readQr } from '../support/read-qr.js';
import { Stage } from '../support/stage.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';
import { launchChromium } from './support/chromium.js';
import { Console } from './support/console.js';
import { describeInBrowser } from './support/describe-in-browser.js';
import { tabTo } from './support/keyboard.js';
import { PairingPage } from './support/pairing-page.js';
import { backgroundBrightness, isWiderThanScreen, PHONE_SCREEN } from './support/screens.js';
import { Visit } from './support/visit.js';

const CALLER = '5511951000001';
const RINGING = '5511951000002';
const BUSY = '5511951000003';

describeInBrowser('the console', () => {
  let stage: Stage;
  let browser: Browser;
  let visit: Visit;
  let desk: Console;

  beforeAll(async () => {
    [stage, browser] = await Promise.all([Stage.open({ WEBHOOK_ALLOW_PRIVATE: 'true' }), launchChromium()]);
    stage.simulator.addContact({ number: RINGING, behaviour: { kind: 'rings' } });
    stage.simulator.addContact({ number: BUSY, behaviour: { kind: 'rejects', reason: 'busy' } });
    await stage.linkedInstance('shop', CALLER);
  });

  beforeEach(async () => {
    visit = await Visit.open(browser, stage.product.url, '/console');
    desk = new Console(visit.page);
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

  it('opens with a token that is typed in, and forgets it on reload', async () => {
    await desk.signIn(stage.token);

    expect(await desk.card('shop').innerText()).toContain('Connected');
    expect(await desk.card('shop').innerText()).toContain(`+${CALLER}`);
    const kept =
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])';
    expect(await visit.page.evaluate(kept)).not.toContain(stage.token);
    expect(visit.requests.join()).not.toContain(stage.token);

    await visit.page.reload();
    await desk.tokenField.waitFor();
    expect(await desk.card('shop').count()).toBe(0);
  });

  it('says that a token is wrong', async () => {
    await desk.tokenField.fill('rda_wrong');
    await visit.page.keyboard.press('Enter');

    await visit.page.getByRole('alert').getByText('Invalid token').waitFor();
    expect(visit.refusals).toEqual(['401 /api/instance/list']);
  });

  it('shows the token of an instance nothing but that instance', async () => {
    const { token } = await stage.newInstance('own');

    await desk.signIn(token);

    await desk.card('own').waitFor();
    expect(await desk.cards()).toEqual(['own']);
    expect(await desk.card('own').getByRole('button', { name: 'Delete' }).count()).toBe(0);
    expect(await visit.page.getByLabel('New instance').isVisible()).toBe(false);
  });

  it('makes an instance, links a phone by the QR code on the page, logs it out and deletes it', async () => {
    await desk.signIn(stage.token);
    await visit.page.getByLabel('New instance').fill('branch');
    await visit.page.getByRole('button', { name: 'Make' }).click();
    await visit.sees('Instance branch made');

    await desk.press('Connect', 'branch');
    const picture = visit.page.getByRole('img', { name: /^QR code/ });
    await picture.waitFor();
    const phone = stage.simulator.addPhone({ number: '5511951000010', name: 'Bia' });
    await phone.scanQr(String(readQr(await picture.screenshot())));
    await visit.page.getByRole('dialog').getByText('Connected.').waitFor();
    await visit.page.getByRole('button', { name: 'Close' }).click();
    await desk.card('branch').getByText('+5511951000010 · Bia').waitFor();

    await desk.press('Log out', 'branch');
    await visit.page.getByRole('dialog').getByRole('button', { name: 'Log out' }).click();
    await desk.card('branch').getByText('Logged out', { exact: true }).waitFor();

    await desk.press('Delete', 'branch');
    await visit.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await desk.card('branch').waitFor({ state: 'detached' });
    expect((await stage.get('/api/instance/list?instanceName=branch')).status).toBe(404);
  });

  it('shows a pairing code, which links the phone on which it is typed', async () => {
    await stage.newInstance('coded');
    await desk.signIn(stage.token);
    await desk.press('Connect', 'coded');
    const dialog = visit.page.getByRole('dialog');
    await dialog.getByRole('img').waitFor();

    await dialog.getByLabel('Or by pairing code').fill('+55 11 95100-0011');
    await dialog.getByRole('button', { name: 'Get code' }).click();
    const code = await dialog.getByRole('status', { name: /^Pairing code/ }).innerText();
    expect(code).toMatch(/^[1-9A-HJ-NP-TV-Z]{4}-[1-9A-HJ-NP-TV-Z]{4}$/);
    const phone = stage.simulator.addPhone({ number: '5511951000011' });
    await phone.enterPairingCode(code.replace('-', ''));

    await dialog.getByText('Connected.').waitFor();
  });

  it('makes a link for the owner of the phone, who links it on a page of his own', async () => {
    await stage.newInstance('remote');
    await desk.signIn(stage.token);
    await desk.press('Connect', 'remote');
    const dialog = visit.page.getByRole('dialog');
    await dialog.getByRole('img').waitFor();

    await dialog.getByRole('button', { name: "Link for the phone's owner" }).click();
    const link = new URL(await dialog.getByRole('textbox', { name: 'Link', exact: true }).inputValue());
    const guest = await Visit.open(browser, link.origin, link.pathname);
    try {
      const page = new PairingPage(guest.page);
      await stage.simulator.addPhone({ number: '5511951000013' }).scanQr(await page.scan());
      await page.says('Connected as +5511951000013');
    } finally {
      await guest.close();
    }

    expect(guest.faults).toEqual([]);
    expect(guest.requests.join()).not.toContain(stage.token);
  });

  it('tells why a phone was not linked', async () => {
    await stage.newInstance('guarded');
    await desk.signIn(stage.token);
    await desk.press('Connect', 'guarded');
    const dialog = visit.page.getByRole('dialog');
    await dialog.getByRole('img').waitFor();

    stage.simulator.askForPasskey();

    await dialog.getByText(/passkey/).waitFor();
    expect(await dialog.getByRole('button', { name: 'New QR code' }).isVisible()).toBe(true);
  });

  it('places a call and follows it to its end', async () => {
    await desk.signIn(stage.token);
    await desk.select('shop');

    await desk.ring(RINGING, 1);

    await visit.sees('Ended: completed');
    expect(await desk.timeline()).toEqual([
      expect.stringMatching(/^Offering \+0\.00 s$/),
      expect.stringMatching(/^Calling \+\d+\.\d\d s$/),
      expect.stringMatching(/^Delivered \+\d+\.\d\d s$/),
      expect.stringMatching(/^Ringing \+\d+\.\d\d s$/),
      expect.stringMatching(/^Ended: completed \+[12]\.\d\d s$/),
    ]);
    await desk.recentCall(RINGING).getByText('completed').waitFor();
  });

  it('hangs up a call that is ringing', async () => {
    await desk.signIn(stage.token);
    await desk.select('shop');
    await desk.ring(RINGING, 60);
    await visit.sees('A device of the callee says that it rings.');

    await visit.page.getByRole('button', { name: 'Hang up now' }).click();

    await visit.sees('Ended: cancelled');
    await desk.recentCall(RINGING).getByText('cancelled').waitFor();
  });

  it('shows the calls before, and says why one could not be placed', async () => {
    const { body } = await stage.call('shop', { number: BUSY, duration: 1 });
    await stage.endedCall('shop', String(body.callId));
    await desk.signIn(stage.token);
    await desk.select('shop');
    await desk.recentCall(BUSY).getByText('busy').waitFor();

    await desk.ring('5511951000099', 1);

    await visit.sees(/Failed – Number is not registered on WhatsApp/);
    expect(visit.refusals).toEqual(['400 /api/call/fake/shop']);
  });

  it('shows webhooks with their last deliveries, and replays one', async () => {
    const receiver = await WebhookReceiver.start();
    try {
      await stage.linkedInstance('hooked', '5511951000012');
      await stage.post('/api/events/webhook/hooked', { enabled: true, url: receiver.url, events: [] });
      const { body } = await stage.call('hooked', { number: BUSY, duration: 1 });
      await stage.endedCall('hooked', String(body.callId));
      await stage.until(() => receiver.accepted.length >= 3, 'the webhooks have arrived');
      const before = receiver.accepted.length;

      await desk.signIn(stage.token);
      await desk.select('hooked');
      const deliveries = visit.page.getByRole('region', { name: 'Last deliveries' });
      await deliveries.getByText('call.update').first().waitFor();
      await visit.sees(`${new URL(receiver.url).origin}/***`);
      await deliveries.getByRole('button', { name: 'Replay' }).first().click();

      await visit.sees('The delivery is queued again.');
      await stage.until(() => receiver.accepted.length > before, 'the replay has arrived');
    } finally {
      await receiver.close();
    }
  });

  it('needs no mouse', async () => {
    const { page } = visit;
    await tabTo(page, 'Token');
    await page.keyboard.type(stage.token);
    await page.keyboard.press('Enter');
    await desk.card('shop').waitFor();
    await tabTo(page, 'shop');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Test call from shop' }).waitFor();
    await tabTo(page, 'Number, with country code');
    await page.keyboard.type(RINGING);
    await tabTo(page, 'Seconds');
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');

    await visit.sees('Ended: completed');
  });

  it('fits on a phone, in the dark too', async () => {
    const night = await Visit.open(browser, stage.product.url, '/console', {
      ...PHONE_SCREEN,
      colorScheme: 'dark',
    });
    try {
      const nightDesk = new Console(night.page);
      await nightDesk.signIn(stage.token);
      await nightDesk.select('shop');
      await nightDesk.ring(RINGING, 1);
      await night.sees('Ended: completed');

      expect(await isWiderThanScreen(night.page)).toBe(false);
      expect(await backgroundBrightness(night.page)).toBeLessThan(60);
      expect(await backgroundBrightness(visit.page)).toBeGreaterThan(200);
    } finally {
      await night.close();
    }
    expect(night.faults).toEqual([]);
  });
});
