import { failure, failureOf } from '../support/failure.js';
import { PageEvents } from '../support/page-events.js';
import { Stage, type Answer } from '../support/stage.js';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const MINUTE_MS = 60_000;

describe('links to the pairing page', () => {
  let stage: Stage;
  let instanceToken: string;

  beforeAll(async () => {
    stage = await Stage.open();
    instanceToken = (await stage.newInstance('shop')).token;
  });

  afterAll(() => stage.close());

  const share = (body?: unknown, token = stage.token): Promise<Answer> =>
    stage.post('/api/instance/share/shop', body, { token });
  const visit = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    stage.get(path, { token: '', headers });
  const pathOf = ({ body }: Answer): string => new URL(String(body.url)).pathname;

  it.each([
    ['15 minutes by default', undefined, 15],
    ['as long as asked for', { minutes: 1440 }, 1440],
    ['15 minutes when the time is left open', { minutes: null }, 15],
  ])('work %s', async (_, body, minutes) => {
    const before = Date.now();
    const answer = await share(body);

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      message: 'Share link created',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/pair\/[A-Za-z0-9_-]{92}$/),
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(String(answer.body.url)).toContain(stage.product.url);
    const lifetimeMs = new Date(String(answer.body.expiresAt)).getTime() - before;
    expect(lifetimeMs).toBeGreaterThanOrEqual(minutes * MINUTE_MS);
    expect(lifetimeMs).toBeLessThan(minutes * MINUTE_MS + 5000);
  });

  it.each([[{ minutes: 0 }], [{ minutes: 1441 }], [{ minutes: '5' }], [{ minutes: 1.5 }]])(
    'are not made for %j',
    async (body) => {
      const answer = await share(body);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('x-error-code')).toBe('invalid_body');
      expect(answer.body.error).toEqual({
        message: expect.stringMatching(/^Invalid request body: minutes /),
      });
    },
  );

  it('are made with the token of the account or of the instance, and with no other', async () => {
    await stage.newInstance('other');
    expect((await share(undefined, instanceToken)).status).toBe(200);
    expect((await share(undefined, '')).status).toBe(401);
    expect((await share(undefined, stage.adminToken)).status).toBe(401);
    const foreign = await stage.post('/api/instance/share/other', undefined, { token: instanceToken });
    expect(foreign.status).toBe(403);
    expect(failureOf(await stage.post('/api/instance/share/nobody'))).toEqual(
      failure(404, 'instance_not_found', 'Instance not found'),
    );
  });

  it('lead to a page that nothing foreign gets into, that nobody indexes, frames or keeps', async () => {
    const page = await visit(pathOf(await share()));

    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toBe(POLICY);
    expect(page.headers.get('x-robots-tag')).toBe('noindex, nofollow');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const html = String(page.body.text);
    expect(html).toContain('<meta name="robots" content="noindex, nofollow">');
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
    const sources = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source ?? '');
    expect(sources.length).toBeGreaterThanOrEqual(3);
    for (const source of sources) {
      expect(source).toMatch(/^\/pair\/assets\/[a-z-]+\.(js|css|svg)$/);
      expect((await visit(source)).status).toBe(200);
    }
  });

  it('serve the scripts that the page imports, and no other file', async () => {
    const script = await visit('/pair/assets/page.js');
    const imports = [...String(script.body.text).matchAll(/from '\.\/([^']+)'/g)].map(([, name]) => name);
    expect(imports.length).toBeGreaterThan(0);
    for (const name of imports) {
      const answer = await visit(`/pair/assets/${name}`);
      expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    }
    const revalidation = {
      'if-none-match': script.headers.get('etag') ?? '',
      'cache-control': 'max-age=0',
    };
    expect((await visit('/pair/assets/page.js', revalidation)).status).toBe(304);
    for (const name of ['nope.js', '..%2fpage-html.js', '%2e%2e%2f%2e%2e%2fmain.js']) {
      expect((await visit(`/pair/assets/${name}`)).status).toBe(404);
    }
  });

  it('speak the language of the browser, also where there is nothing to see', async () => {
    const path = pathOf(await share());
    for (const [header, language, words] of [
      ['pt-BR,pt;q=0.9,en;q=0.5', 'pt', 'Conectar o WhatsApp'],
      ['es-MX', 'es', 'Vincular WhatsApp'],
      ['de,fr;q=0.9', 'en', 'Link WhatsApp'],
    ]) {
      for (const address of [path, '/pair/x']) {
        const html = String((await visit(address, { 'accept-language': header ?? '' })).body.text);
        expect(html).toContain(`<html lang="${language}">`);
        expect(html).toContain(`<title>${words}</title>`);
      }
    }
  });

  it('start nothing when a program fetches the page to preview it', async () => {
    await stage.newInstance('preview');
    const path = pathOf(await stage.post('/api/instance/share/preview'));

    expect((await visit(path)).status).toBe(200);
    expect((await stage.request('HEAD', path, { token: '' })).status).toBe(200);
    expect((await stage.request('HEAD', `${path}/events`, { token: '' })).status).toBe(200);

    expect(await stage.instance('preview')).toMatchObject({ status: 'disconnected' });
  });

  it('carry no token and no secret, nor do the page and its events', async () => {
    const answer = await share();
    const path = pathOf(answer);
    const events = await PageEvents.open(`${stage.product.url}${path}/events`);
    await events.until('qr');
    const page = await visit(path);
    const everything = `${JSON.stringify(answer.body)}${JSON.stringify(page.body)}${events.text}`;
    await events.close();

    for (const secret of [stage.token, instanceToken, stage.adminToken]) {
      expect(everything).not.toContain(secret);
    }
    expect(everything).not.toMatch(/rd[ai]_|2@/);
  });

  it.each(['instance', 'account'])(
    'are revoked, and their open pages closed, when the token of the %s is rotated',
    async (whose) => {
      const admin = { token: stage.adminToken };
      const tenant = `rotating-${whose}`;
      const { body } = await stage.post('/api/account/new', { name: tenant }, admin);
      let { token } = body.account as { token: string };
      await stage.post('/api/instance/new', { name: 'theirs' }, { token });
      await stage.newInstance(`unconcerned-${whose}`);
      const unconcerned = pathOf(await stage.post(`/api/instance/share/unconcerned-${whose}`));
      const make = async () => pathOf(await stage.post('/api/instance/share/theirs', undefined, { token }));
      const [open, unopened] = [await make(), await make()];
      const page = await PageEvents.open(`${stage.product.url}${open}/events`);
      await page.until('qr');

      const rotated =
        whose === 'instance'
          ? await stage.post('/api/instance/rotateToken/theirs', undefined, { token })
          : await stage.post(`/api/account/rotateToken/${tenant}`, undefined, admin);
      expect(rotated.status).toBe(200);
      await page.ended;

      expect(page.last).toEqual({ phase: 'gone' });
      for (const path of [open, unopened]) {
        expect((await visit(path)).status).toBe(404);
        expect(failureOf(await visit(`${path}/events`))).toMatchObject({ code: 'pairing_link_invalid' });
        const started = await stage.request('POST', `${path}/start`, { token: '' });
        expect(failureOf(started)).toMatchObject({ code: 'pairing_link_invalid' });
      }
      if (whose === 'account') ({ token } = rotated.body.account as { token: string });
      await stage.until(async () => {
        const { body: list } = await stage.get('/api/instance/list?instanceName=theirs', { token });
        return JSON.stringify(list).includes('"status":"disconnected"');
      }, 'the code on the page is of no use any more');
      expect((await visit(await make())).status).toBe(200);
      expect((await visit(unconcerned)).status).toBe(200);
    },
  );

  it('begin with the public address when there is one', async () => {
    await stage.product.stop();
    await stage.restart({ BASE_URL: 'https://calls.example.com/' });
    expect((await share()).body.url).toMatch(/^https:\/\/calls\.example\.com\/pair\/[A-Za-z0-9_-]{92}$/);
  });

  it('are counted for the address of the visitor', async () => {
    await stage.product.stop();
    await stage.restart({ RATE_LIMIT_PER_ADDRESS: '3' });
    const path = pathOf(await share());
    for (let visits = 0; visits < 3; visits += 1) expect((await visit(path)).status).toBe(200);

    const page = await visit(path, { 'accept-language': 'pt' });

    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(page.headers.get('content-security-policy')).toBe(POLICY);
    expect(String(page.body.text)).toContain('Muitas solicitações');
    expect(failureOf(await visit(`${path}/events`))).toMatchObject({ status: 429, code: 'rate_limited' });
    expect((await visit('/pair/assets/page.css')).status).toBe(200);
  });
});
