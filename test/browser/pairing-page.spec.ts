import { randomBytes } from 'node:crypto';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { SHARE_KEY_PURPOSE, signShare, tokensMark } from '../../src/pairing-page/pairing-share.js';
import { Stage } from '../support/stage.js';
import { tokenHashes } from '../support/token-hashes.js';
import { launchChromium } from './support/chromium.js';
import { describeInBrowser } from './support/describe-in-browser.js';
import { tabTo } from './support/keyboard.js';
import { PairingPage } from './support/pairing-page.js';
import { backgroundBrightness, isWiderThanScreen, PHONE_SCREEN } from './support/screens.js';
import { Visit } from './support/visit.js';

const KEY = randomBytes(32);

describeInBrowser('the pairing page', () => {
  let stage: Stage;
  let browser: Browser;
  let visits: Visit[] = [];

  beforeAll(async () => {
    [stage, browser] = await Promise.all([
      Stage.open({ ENCRYPTION_KEY: KEY.toString('hex') }),
      launchChromium(),
    ]);
  });

  afterEach(async () => {
    const faults = visits.flatMap((visit) => visit.faults);
    for (const visit of visits) await visit.close();
    visits = [];
    expect(faults).toEqual([]);
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await browser.close();
    await stage.close();
  });

  /** Makes an instance and returns the path of a page for it. */
  async function shared(name: string): Promise<string> {
    await stage.newInstance(name);
    const { body } = await stage.post(`/api/instance/share/${name}`, {});
    const { origin, pathname } = new URL(String(body.url));
    expect(origin).toBe(stage.product.url);
    return pathname;
  }

  async function open(
    path: string,
    options?: BrowserContextOptions,
  ): Promise<{ visit: Visit; page: PairingPage }> {
    const visit = await Visit.open(browser, stage.product.url, path, { ...PHONE_SCREEN, ...options });
    visits.push(visit);
    return { visit, page: new PairingPage(visit.page) };
  }

  const phoneOf = (number: string) => stage.simulator.addPhone({ number, name: 'Ana' });

  it('shows a QR code that links the phone which scans it, and says as whom', async () => {
    const path = await shared('by-qr');
    const { visit, page } = await open(path);
    const content = await page.scan();
    await page.says('Waiting for you to scan the code');

    await phoneOf('5511952000001').scanQr(content);

    await page.says('Connected as +5511952000001');
    await visit.sees('All done. You can close this page.');
    expect(await page.qr.isVisible()).toBe(false);
    expect(await stage.instance('by-qr')).toMatchObject({ status: 'connected' });
    expect(visit.requests.join()).not.toMatch(/rd[ai]_|token/);
  });

  it('can be read from a big screen and from a small one', async () => {
    const path = await shared('sizes');
    const small = await open(path, { viewport: { width: 320, height: 568 }, deviceScaleFactor: 1 });
    const big = await open(path, { viewport: { width: 1600, height: 1000 }, deviceScaleFactor: 1 });

    expect(await small.page.scan()).toBe(await big.page.scan());
    expect(await isWiderThanScreen(small.visit.page)).toBe(false);
  });

  it('shows a code for the number of the phone, which links the phone on which it is typed', async () => {
    const { visit, page } = await open(await shared('by-code'));
    await page.qr.waitFor();

    await visit.page.getByRole('tab', { name: 'Link with phone number' }).click();
    await visit.page.getByLabel('Number of your WhatsApp').fill('+55 (11) 95200-0002');
    await visit.page.getByRole('button', { name: 'Get code' }).click();
    const code = await page.code();
    await page.says('Waiting for you to type the code');
    expect(code).toMatch(/^[1-9A-HJ-NP-TV-Z]{8}$/);
    await phoneOf('5511952000002').enterPairingCode(code);

    await page.says('Connected as +5511952000002');
  });

  it.each([
    ['en-US', 'Link with phone number', 'Enter the number of your WhatsApp'],
    ['pt-BR', 'Conectar com número de telefone', 'Digite o número do seu WhatsApp'],
    ['es-MX', 'Vincular con número de teléfono', 'Escribe el número de tu WhatsApp'],
  ])('says in %s on the tab of the number what it waits for there', async (locale, tab, words) => {
    const { visit, page } = await open(await shared(`tab-${locale}`), { locale });
    await page.qr.waitFor();
    const before = await page.status.innerText();

    await visit.page.getByRole('tab', { name: tab }).click();
    await page.says(words);
    await visit.page.getByRole('tab').first().click();

    await page.says(before);
  });

  it('says at the field that a number is none, and takes the next one', async () => {
    const { visit, page } = await open(await shared('misspelt'));
    await visit.page.getByRole('tab', { name: 'Link with phone number' }).click();
    const field = visit.page.getByLabel('Number of your WhatsApp');

    await field.fill('my number');
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('alert').getByText('This is not a valid phone number').waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.fill('5511952000003');
    await visit.page.keyboard.press('Enter');

    expect(await page.code()).toHaveLength(8);
    expect(visit.refusals).toEqual([expect.stringMatching(/^400 \/pair\/.*\/code$/)]);
  });

  it('is used without a mouse, from the first Tab to the code', async () => {
    const { visit, page } = await open(await shared('keyboard'));
    await page.qr.waitFor();

    await tabTo(visit.page, 'QR code');
    await visit.page.keyboard.press('ArrowRight');
    await tabTo(visit.page, 'Number of your WhatsApp');
    await visit.page.keyboard.type('5511952000004');
    await visit.page.keyboard.press('Enter');
    await phoneOf('5511952000004').enterPairingCode(await page.code());

    await page.says('Connected as +5511952000004');
  });

  it('says why linking failed, and begins again on request', async () => {
    const { visit, page } = await open(await shared('passkey'));
    await page.qr.waitFor();

    stage.simulator.askForPasskey();
    await page.says('WhatsApp asks this account for a passkey');
    await visit.page.getByRole('button', { name: 'Show a new QR code' }).click();
    await phoneOf('5511952000005').scanQr(await page.scan());

    await page.says('Connected as +5511952000005');
  });

  it('shows every visitor the same code, and the outcome to all of them', async () => {
    const path = await shared('together');
    const [first, second] = [await open(path), await open(path)];

    const content = await first.page.scan();
    expect(await second.page.scan()).toBe(content);
    await phoneOf('5511952000006').scanQr(content);

    await first.page.says('Connected as +5511952000006');
    await second.page.says('Connected as +5511952000006');
  });

  it('goes on by itself after a restart of the product', async () => {
    const { page } = await open(await shared('restart'));
    await page.qr.waitFor();
    const { port } = new URL(stage.product.url);

    await stage.product.stop();
    await page.says('The connection to this page was lost');
    await stage.restart({ PORT: port });
    await page.says('Waiting for you to scan the code');

    await phoneOf('5511952000007').scanQr(await page.scan());
    await page.says('Connected as +5511952000007');
    expect(
      visits.flatMap(({ faults }) => faults.splice(0)).filter((fault) => !DISCONNECTED.test(fault)),
    ).toEqual([]);
  });

  it('says that the time of the link is over while it is open, and opens no more', async () => {
    const { id } = await stage.newInstance('expiring');
    const [key] = new SecretBox([KEY]).deriveKeys(SHARE_KEY_PURPOSE);
    if (!key) throw new Error('there is no key');
    const issuedAt = new Date();
    const expiresAt = new Date(issuedAt.getTime() + 3000);
    const tokens = tokensMark(await tokenHashes(stage.databaseUrl, id), key);
    const path = `/pair/${signShare({ instanceId: id, issuedAt, expiresAt, tokens }, key)}`;
    const { visit, page } = await open(path);
    await page.qr.waitFor();

    await page.says('This link has expired. Ask for a new one.');
    expect(await page.qr.isVisible()).toBe(false);
    await visit.page.reload();

    await visit.sees('This link does not work');
    expect(visit.refusals).toEqual([`404 ${path}`]);
  });

  it('says that a link is unknown', async () => {
    const { visit } = await open('/pair/unknown');

    await visit.sees('This link does not work');
    expect(visit.refusals).toEqual(['404 /pair/unknown']);
    expect(await isWiderThanScreen(visit.page)).toBe(false);
  });

  it.each([
    [
      'pt-BR',
      'pt',
      'Conectar o WhatsApp',
      'Aguardando você escanear o código',
      'Conectado como +5511952000008',
    ],
    ['es-MX', 'es', 'Vincular WhatsApp', /escane/i, 'Conectado como +5511952000009'],
    ['de-DE', 'en', 'Link WhatsApp', 'Waiting for you to scan', 'Connected as +5511952000010'],
  ])('speaks the language of a browser in %s', async (locale, language, title, waiting, connected) => {
    const { visit, page } = await open(await shared(`in-${locale}`), { locale });
    expect(await visit.page.title()).toBe(title);
    expect(await visit.page.evaluate('document.documentElement.lang')).toBe(language);
    const content = await page.scan();
    await page.says(waiting);

    await phoneOf(connected.replace(/\D/g, '')).scanQr(content);

    await page.says(connected);
  });

  it('is dark where the owner likes it dark, and its code can still be scanned', async () => {
    const path = await shared('night');
    const night = await open(path, { colorScheme: 'dark' });
    const day = await open(path, { colorScheme: 'light' });

    expect(await backgroundBrightness(night.visit.page)).toBeLessThan(60);
    expect(await backgroundBrightness(day.visit.page)).toBeGreaterThan(200);
    expect(await night.page.scan()).toBe(await day.page.scan());
    expect(await isWiderThanScreen(night.visit.page)).toBe(false);
  });
});

/** What Chromium says about a server that is away. */
const DISCONNECTED = /net::ERR_/;
