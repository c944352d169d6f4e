import { randomBytes } from 'node:crypto';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { SHARE_KEY_PURPOSE, signShare, tokensMark } from '../../src/pairing-page/pairing-share.js';
import { failure, failureOf } from '../support/failure.js';
import { PageEvents, readDrawing } from '../support/page-events.js';
import { Stage, type Answer } from '../support/stage.js';
import { tokenHashes } from '../support/token-hashes.js';

const KEY = randomBytes(32);
const NUMBER = '5511940000001';
const LINK_INVALID = failure(404, 'pairing_link_invalid', 'This link cannot be used. Ask for a new one.');

describe('the pairing page', () => {
  let stage: Stage;
  const open: PageEvents[] = [];

  beforeAll(async () => {
    stage = await Stage.open({ ENCRYPTION_KEY: KEY.toString('hex'), PROXY_ALLOW_PRIVATE: 'true' });
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((page) => page.close()));
    stage.simulator.refuseLinking(undefined);
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(() => stage.close());

  /** Path of a new link to the page of an instance. */
  async function share(name: string, body?: object): Promise<string> {
    const answer = await stage.post(`/api/instance/share/${name}`, body);
    return new URL(String(answer.body.url)).pathname;
  }

  async function newShare(name: string): Promise<{ id: string; path: string }> {
    const { id } = await stage.newInstance(name);
    return { id, path: await share(name) };
  }

  async function watch(path: string, headers?: Record<string, string>): Promise<PageEvents> {
    const page = await PageEvents.open(`${stage.product.url}${path}/events`, headers);
    open.push(page);
    return page;
  }

  /** The page is public: what a browser sends has no token. */
  const visit = (method: string, path: string, body?: unknown): Promise<Answer> =>
    stage.request(method, path, { token: '', body });

  it('shows a QR code that links the phone, says as whom, and is used up then', async () => {
    const { path } = await newShare('by-qr');
    const page = await watch(path);
    expect(page.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(page.response.headers.get('cache-control')).toContain('no-store');

    const { qr } = await page.until('qr');
    const phone = stage.simulator.addPhone({ number: NUMBER, name: 'Ana' });
    await phone.scanQr(String(readDrawing(qr)));

    expect(await page.until('connected')).toEqual({ phase: 'connected', number: NUMBER });
    await page.ended;
    expect(page.phases).toEqual(['starting', 'qr', 'linking', 'connected']);

    expect((await visit('GET', path)).status).toBe(200);
    const again = await watch(path);
    await again.ended;
    expect(again.states).toEqual([{ phase: 'connected', number: NUMBER }]);
    expect(failureOf(await visit('POST', `${path}/start`))).toEqual(LINK_INVALID);
    expect(failureOf(await visit('POST', `${path}/code`, { number: NUMBER }))).toEqual(LINK_INVALID);

    await stage.delete('/api/instance/logout/by-qr');
    expect((await visit('GET', path)).status).toBe(404);
    expect(failureOf(await visit('GET', `${path}/events`))).toEqual(LINK_INVALID);
    // A new link works for the next phone, after a restart too, and the old one still does not.
    const next = await share('by-qr');
    await stage.product.stop();
    await stage.restart();
    expect((await visit('GET', path)).status).toBe(404);
    expect((await visit('GET', next)).status).toBe(200);
  });

  it('links by a code that is typed on the phone, in place of the QR code', async () => {
    const { path } = await newShare('by-code');
    const page = await watch(path);
    await page.until('qr');

    const answer = await visit('POST', `${path}/code`, { number: '+55 11 94000-0002' });

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      message: 'Pairing code generated',
      pairingCode: expect.stringMatching(/^[A-Z0-9]{8}$/),
      status: 'pairing',
    });
    const { code } = await page.until('code');
    expect(code).toBe(answer.body.pairingCode);
    await stage.simulator.addPhone({ number: '5511940000002' }).enterPairingCode(String(code));
    expect(await page.until('connected')).toEqual({ phase: 'connected', number: '5511940000002' });
    expect(page.phases).toEqual(['starting', 'qr', 'starting', 'code', 'linking', 'connected']);
  });

  it('lets everybody who looks share one attempt, and shows late-comers where it stands', async () => {
    const { path } = await newShare('shared');
    const pages = await Promise.all([watch(path), watch(path)]);
    const codes = await Promise.all(pages.map(async (page) => readDrawing((await page.until('qr')).qr)));
    const late = await watch(path);

    expect(late.last ?? (await late.until('qr'))).toEqual(pages[0]?.last);
    expect(codes[0]).toMatch(/^https:\/\/wa\.me\//);
    expect(codes[1]).toBe(codes[0]);
    const { body } = await stage.get('/api/instance/connect/shared');
    expect(body.qrCode).toBe(codes[0]);
  });

  it('tells why it failed, and starts again when asked', async () => {
    const { path } = await newShare('refused');
    stage.simulator.refuseLinking({ at: 'connect', code: 405 });
    const page = await watch(path);
    expect(await page.until('failed')).toEqual({ phase: 'failed', failure: { reason: 'version_rejected' } });

    stage.simulator.refuseLinking(undefined);
    // A browser that only lost its connection must not start anything behind the back of its user.
    const returning = await watch(path, { 'last-event-id': '2' });
    expect(await returning.until('failed')).toEqual(page.last);
    expect((await visit('POST', `${path}/start`)).status).toBe(200);

    await Promise.all([page.until('qr'), returning.until('qr')]);
  });

  it('starts again by itself when it is loaded anew after a failure', async () => {
    const { path } = await newShare('reloaded');
    stage.simulator.refuseLinking({ at: 'connect', code: 405 });
    const page = await watch(path);
    await page.until('failed');
    await page.close();
    stage.simulator.refuseLinking(undefined);

    await (await watch(path)).until('qr');
  });

  it('passes on that WhatsApp limits linking, with the documented code, and tells the page', async () => {
    const { path } = await newShare('limited');
    stage.simulator.refuseLinking({ at: 'code', code: 429 });
    const page = await watch(path);
    await page.until('qr');

    const answer = await visit('POST', `${path}/code`, { number: NUMBER });

    expect(answer.status).toBe(429);
    expect(answer.headers.get('x-error-code')).toBe('linking_limited');
    expect(await page.until('failed')).toEqual({ phase: 'failed', failure: { reason: 'linking_limited' } });
  });

  it.each([
    ['no number', {}, 'invalid_number'],
    ['letters', { number: 'abc' }, 'invalid_number'],
    ['too few digits', { number: '123' }, 'invalid_number'],
    ['no text', { number: 5511 }, 'invalid_body'],
    ['no JSON', '{', 'invalid_body'],
  ])('keeps the QR code when %s is sent instead of a number', async (words, body, code) => {
    const { path } = await newShare(`number-${words.replaceAll(' ', '-')}`);
    const page = await watch(path);
    await page.until('qr');

    const answer = await visit('POST', `${path}/code`, body);

    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-error-code')).toBe(code);
    expect(page.last?.phase).toBe('qr');
  });

  it('says that WhatsApp cannot be reached, and nothing about the proxy in between', async () => {
    const proxy = { proxyEnabled: true, proxyProtocol: 'http', proxyHost: '127.0.0.1', proxyPort: '9' };
    await stage.newInstance('unreachable', { ...proxy, proxyUsername: 'user-x', proxyPassword: 'secret-x' });
    const path = await share('unreachable');
    const page = await watch(path);

    const { failure: told } = await page.until('failed');

    expect(told).toEqual({ reason: 'proxy_failed' });
    const answer = await visit('POST', `${path}/code`, { number: NUMBER });
    expect(failureOf(answer)).toEqual(
      failure(502, 'proxy_failed', 'WhatsApp is not reachable through the proxy'),
    );
    expect(page.text).not.toMatch(/127\.0\.0\.1|user-x|secret-x/);
  });

  it('ends with a clear word when the link expires, and is of no use afterwards', async () => {
    const { id } = await stage.newInstance('expiring');
    const path = `/pair/${await ownShare(id, 1500)}`;
    const page = await watch(path);
    await page.until('qr');

    await page.ended;

    expect(page.phases).toEqual(['starting', 'qr', 'expired']);
    expect(failureOf(await visit('GET', `${path}/events`))).toEqual(LINK_INVALID);
    await stage.untilStatus('expiring', 'disconnected');
  });

  it('sends its visitors away when the instance is deleted or the account is disabled', async () => {
    const { path } = await newShare('deleted');
    const page = await watch(path);
    await page.until('qr');
    await stage.delete('/api/instance/delete/deleted');
    await page.ended;
    expect(page.last).toEqual({ phase: 'gone' });

    const token = { token: stage.adminToken };
    const { body } = await stage.post('/api/account/new', { name: 'tenant' }, token);
    const tenant = { token: (body.account as { token: string }).token };
    await stage.post('/api/instance/new', { name: 'theirs' }, tenant);
    const link = await stage.post('/api/instance/share/theirs', undefined, tenant);
    const theirs = new URL(String(link.body.url)).pathname;
    const watched = await watch(theirs);
    await watched.until('qr');
    await stage.post('/api/account/update/tenant', { enabled: false }, token);
    await watched.ended;
    expect(watched.last).toEqual({ phase: 'gone' });
    expect(failureOf(await visit('POST', `${theirs}/start`))).toEqual(LINK_INVALID);
  });

  it('answers every link that does not work in the same way', async () => {
    const { id, path } = await newShare('refusals');
    const valid = path.slice('/pair/'.length);
    await stage.newInstance('gone');
    const ofDeleted = await share('gone');
    await stage.delete('/api/instance/delete/gone');
    const links = [
      'x',
      'assets',
      `${valid}A`,
      valid.slice(0, -1),
      `${valid.slice(0, 40)}${valid[40] === 'A' ? 'B' : 'A'}${valid.slice(41)}`,
      await ownShare(id, -1),
      await ownShare(id, 60_000, SHARE_KEY_PURPOSE, randomBytes(32)),
      await ownShare(id, 60_000, 'another purpose'),
      ofDeleted.slice('/pair/'.length),
    ];
    const pages = await Promise.all(links.map((link) => visit('GET', `/pair/${link}`)));
    expect(new Set(pages.map(({ body }) => body.text)).size).toBe(1);
    for (const page of pages) {
      expect(page.status).toBe(404);
      expect(page.headers.get('x-error-code')).toBe('pairing_link_invalid');
    }
    for (const link of links) {
      expect(failureOf(await visit('POST', `/pair/${link}/start`))).toEqual(LINK_INVALID);
      expect((await visit('HEAD', `/pair/${link}/events`)).status).toBe(404);
    }
    expect((await visit('GET', path)).status).toBe(200);
    expect(await stage.instance('refusals')).toMatchObject({ status: 'disconnected' });
  });

  it('does not keep the product from stopping', async () => {
    const page = await watch((await newShare('stopping')).path);
    await page.until('qr');
    const startedAt = Date.now();

    await stage.product.stop();

    expect(Date.now() - startedAt).toBeLessThan(2500);
    await stage.restart();
  });

  /** As the product would make it, but for what is given. */
  async function ownShare(
    instanceId: string,
    lifetimeMs: number,
    purpose = SHARE_KEY_PURPOSE,
    key = KEY,
  ): Promise<string> {
    const [derived = Buffer.alloc(0)] = new SecretBox([key]).deriveKeys(purpose);
    const issuedAt = new Date();
    const expiresAt = new Date(issuedAt.getTime() + lifetimeMs);
    const tokens = tokensMark(await tokenHashes(stage.databaseUrl, instanceId), derived);
    return signShare({ instanceId, issuedAt, expiresAt, tokens }, derived);
  }
});
