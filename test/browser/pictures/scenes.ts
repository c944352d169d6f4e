import type { Browser } from 'playwright-core';
import type { Stage } from '../../support/stage.js';
import { WebhookReceiver } from '../../support/webhook-receiver.js';
import { Console } from '../support/console.js';
import { PairingPage } from '../support/pairing-page.js';
import { SwaggerUi } from '../support/swagger-ui.js';
import { Visit } from '../support/visit.js';

const DESKTOP = { viewport: { width: 1100, height: 860 }, locale: 'en-GB', timezoneId: 'UTC' };
const PHONE = {
  viewport: { width: 390, height: 780 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
  locale: 'en-GB',
  timezoneId: 'UTC',
};
/** Seen in a picture, so chosen to look like none. */
const SHOWN_TOKEN = 'token-of-the-instance-shop-00000000';
const CALLEE = '5511999999999';
const DECLINING = '5511977777777';

/** A call that was placed from the documentation. */
export async function swaggerPicture(stage: Stage, browser: Browser): Promise<Buffer> {
  await stage.newInstance('shop', { token: SHOWN_TOKEN });
  await stage.link('shop', '5511988888888');
  stage.simulator.addContact({ number: CALLEE, behaviour: { kind: 'rings', afterMs: 400 } });
  const visit = await Visit.open(browser, stage.product.url, '/docs', DESKTOP);
  const docs = new SwaggerUi(visit.page);
  await docs.ready();
  await docs.authorize('TokenInstance', SHOWN_TOKEN);
  const fake = await docs.open('post', '/api/call/fake/{instance}');
  await fake.execute({ instance: 'shop' }, { number: CALLEE, duration: 8 });
  const picture = await fake.picture();
  await visit.close();
  return picture;
}

/** A QR code that waits for a phone. */
export async function pairingPagePicture(stage: Stage, browser: Browser): Promise<Buffer> {
  await stage.newInstance('support');
  const { body } = await stage.post('/api/instance/share/support', {});
  const visit = await Visit.open(browser, stage.product.url, new URL(String(body.url)).pathname, PHONE);
  const page = new PairingPage(visit.page);
  await page.scan();
  await page.says('Waiting for you to scan the code');
  const picture = await visit.page.screenshot({ fullPage: true });
  await visit.close();
  return picture;
}

/** A call that rings, others that have ended, and the webhooks about them. */
export async function consolePicture(stage: Stage, browser: Browser): Promise<Buffer> {
  const receiver = await WebhookReceiver.start();
  try {
    stage.simulator.addContact({
      number: DECLINING,
      behaviour: { kind: 'rejects', ringsFirst: true, afterMs: 1200 },
    });
    await stage.post('/api/events/webhook/shop', {
      enabled: true,
      label: 'orders',
      url: receiver.url,
      events: ['call.update'],
    });
    for (const number of [DECLINING, CALLEE]) {
      const { body } = await stage.call('shop', { number, duration: 3 });
      await stage.endedCall('shop', String(body.callId));
    }
    const visit = await Visit.open(browser, stage.product.url, '/console', DESKTOP);
    const desk = new Console(visit.page);
    await desk.signIn(stage.token);
    await desk.select('shop');
    await desk.ring(CALLEE, 8);
    await desk.recentCall(CALLEE).getByText('ringing').waitFor();
    await visit.sees('A device of the callee says that it rings.');
    const picture = await visit.page.screenshot();
    await visit.close();
    return picture;
  } finally {
    await receiver.close();
  }
}
