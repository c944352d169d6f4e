import { readFile } from 'node:fs/promises';
import { failure, failureOf } from '../support/failure.js';
import { readQr } from '../support/read-qr.js';
import { Stage, type Answer } from '../support/stage.js';
import { NOTHING_STORED, storedSession } from '../support/stored-session.js';

describe('linking a phone', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterEach(() => {
    stage.simulator.refuseLinking(undefined);
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await stage.close();
  });

  const connect = (name: string, query = ''): Promise<Answer> =>
    stage.get(`/api/instance/connect/${name}${query}`);
  const stored = (id: string) => storedSession(stage.databaseUrl, id);

  it('shows a QR code, and the phone that scans it is the phone of the instance', async () => {
    const { id } = await stage.newInstance('by-qr');
    expect(await stage.instance('by-qr')).toMatchObject({ status: 'disconnected', numberJid: null });

    const answer = await connect('by-qr');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      message: 'QR code generated',
      qrCode: expect.stringMatching(/^https:\/\/wa\.me\/settings\/linked_devices#2@/),
      qrCodeBase64: expect.stringMatching(/^data:image\/png;base64,/),
      status: 'qr',
    });
    expect(readQr(pngOf(answer))).toBe(answer.body.qrCode);
    await stage.untilStatus('by-qr', 'connecting');
    expect(await stored(id)).toEqual(NOTHING_STORED);

    const linked = await stage.simulator
      .addPhone({ number: '5511930000001', name: 'Ana' })
      .scanQr(String(answer.body.qrCode));
    await stage.untilStatus('by-qr', 'connected');

    expect(linked.jid).toMatch(/^5511930000001:\d+@s\.whatsapp\.net$/);
    expect(await stage.instance('by-qr')).toMatchObject({
      id,
      status: 'connected',
      numberJid: '5511930000001@s.whatsapp.net',
      connection: { state: 'connected', numberJid: '5511930000001@s.whatsapp.net', lastDisconnect: null },
      profile: { name: 'Ana' },
    });
    expect(await stored(id)).toMatchObject({ credentials: 1, linked: true });
  });

  it('says so when the instance is connected already, and leaves the session alone', async () => {
    await stage.linkedInstance('twice', '5511930000002');

    const answers = [await connect('twice'), await connect('twice', '?number=5511930000002')];

    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).toEqual({ success: true, message: 'Instance already connected', status: 'connected' });
    }
    expect(stage.simulator.loginCount('5511930000002')).toBe(1);
  });

  it('joins the linking that is under way instead of beginning another', async () => {
    await stage.newInstance('joined');

    const [first, second] = await Promise.all([connect('joined'), connect('joined')]);
    const third = await connect('joined');

    expect(first.body.qrCode).toMatch(/^https:/);
    expect([second.body.qrCode, third.body.qrCode]).toEqual([first.body.qrCode, first.body.qrCode]);
  });

  it('says wherever the picture of the QR code is offered that `connect` comes first', async () => {
    const document = await stage.get('/docs/openapi.json');
    const { description } = (document.body.paths as Record<string, { get: { description: string } }>)[
      '/api/instance/qr/{instance}'
    ]?.get ?? { description: '' };
    const introduction = (document.body.info as { description: string }).description;
    const readme = await readFile('README.md', 'utf8');
    for (const text of [description, introduction, readme]) {
      const connect = text.indexOf('GET /api/instance/connect/{instance}');
      expect(connect).toBeGreaterThan(-1);
      expect(text.slice(connect)).toMatch(/starts linking/);
    }
    expect(description).toContain('execute it first');
    expect(readme).toMatch(
      /GET \/api\/instance\/connect\/\{instance\}`, which starts linking, then `GET \/api\/instance\/qr/,
    );
  });

  it('serves the live QR code as a picture, and a conflict when there is none', async () => {
    await stage.newInstance('picture');
    const none = await stage.get('/api/instance/qr/picture');
    expect(failureOf(none)).toEqual(
      failure(409, 'no_qr_code', 'There is no QR code to show — call /connect first'),
    );

    const { body } = await connect('picture');
    const response = await fetch(`${stage.product.url}/api/instance/qr/picture`, {
      headers: { token: stage.token },
    });

    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(readQr(Buffer.from(await response.arrayBuffer()))).toBe(body.qrCode);
  });

  it('asks for a code instead when the owner changes his mind, and the QR code is of no use any more', async () => {
    await stage.newInstance('changed-mind');
    const { body } = await connect('changed-mind');

    const answer = await connect('changed-mind', '?number=5511930000009');

    expect(answer.body).toMatchObject({ status: 'pairing' });
    expect((await stage.get('/api/instance/qr/changed-mind')).status).toBe(409);
    const phone = stage.simulator.addPhone({ number: '5511930000009' });
    await expect(phone.scanQr(String(body.qrCode))).rejects.toThrow('unknown, expired or already used');
    await phone.enterPairingCode(String(answer.body.pairingCode));
    await stage.untilStatus('changed-mind', 'connected');
  });

  it('leaves nothing behind when nobody scans the QR code', async () => {
    const { id } = await stage.newInstance('unscanned');
    await connect('unscanned');

    const answer = await stage.delete('/api/instance/logout/unscanned');

    expect(answer.body).toEqual({
      success: true,
      message: 'Instance logged out',
      instance: { status: 'loggedout' },
    });
    expect((await stage.get('/api/instance/qr/unscanned')).status).toBe(409);
    expect(await stored(id)).toEqual(NOTHING_STORED);
  });

  it('links by a code that is typed on the phone; a wrong one first does no harm and is never stored', async () => {
    const { id } = await stage.newInstance('by-code');

    const answer = await connect('by-code', '?number=%2B55%2011%2093000-0003');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      message: 'Pairing code generated',
      pairingCode: expect.stringMatching(/^[A-Z0-9]{8}$/),
      status: 'pairing',
    });
    const code = String(answer.body.pairingCode);
    const phone = stage.simulator.addPhone({ number: '5511930000003' });
    await expect(phone.enterPairingCode(code === 'AAAAAAAA' ? 'BBBBBBBB' : 'AAAAAAAA')).rejects.toThrow(
      'the code is wrong',
    );
    expect(await stored(id)).toEqual(NOTHING_STORED);
    expect((await stage.post('/api/instance/reconnect/by-code')).status).toBe(400);

    await phone.enterPairingCode(code);
    await stage.untilStatus('by-code', 'connected');
    expect(await stage.instance('by-code')).toMatchObject({ numberJid: '5511930000003@s.whatsapp.net' });
    expect(await stored(id)).toMatchObject({ credentials: 1, linked: true });
  });

  it.each([
    ['letters', 'abc'],
    ['too few digits', '123456'],
    ['too many digits', '1234567890123456'],
    ['a group', '120363000000000000@g.us'],
  ])('does not ask for a code for a number with %s', async (words, number) => {
    const name = `no-number-${words.replaceAll(' ', '-')}`;
    await stage.newInstance(name);

    const answer = await connect(name, `?number=${encodeURIComponent(number)}`);

    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-error-code')).toBe('invalid_number');
    expect(answer.body).toEqual({
      success: false,
      error: { message: expect.stringMatching(/^Invalid number: ./) },
    });
    expect(await stage.instance(name)).toMatchObject({ status: 'disconnected' });
  });

  it('passes on that WhatsApp limits linking on the number', async () => {
    const { id } = await stage.newInstance('limited');
    stage.simulator.refuseLinking({ at: 'code', code: 429 });

    const answer = await connect('limited', '?number=5511930000004');

    expect(failureOf(answer)).toEqual(
      failure(429, 'linking_limited', 'WhatsApp limits linking on this number. Try again later.'),
    );
    expect(await stored(id)).toEqual(NOTHING_STORED);
    stage.simulator.refuseLinking(undefined);
    expect((await connect('limited', '?number=5511930000004')).status).toBe(200);
  });

  it('removes the device at WhatsApp and every secret here on logout, and links again afterwards', async () => {
    const { id } = await stage.newInstance('leaving');
    await stage.link('leaving', '5511930000005');
    await stage.until(async () => (await stored(id)).preKeys > 0, 'keys are stored');

    const answer = await stage.delete('/api/instance/logout/leaving');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      message: 'Instance logged out',
      instance: { status: 'loggedout' },
    });
    await stage.simulator.waitForStanza(
      ({ direction, account, node }) =>
        direction === 'in' &&
        account === '5511930000005' &&
        Array.isArray(node.content) &&
        node.content.some(({ tag }) => tag === 'remove-companion-device'),
    );
    expect(await stored(id)).toEqual(NOTHING_STORED);
    expect(await stage.instance('leaving')).toMatchObject({ status: 'loggedout' });
    const reconnect = await stage.post('/api/instance/reconnect/leaving');
    expect(failureOf(reconnect)).toEqual(
      failure(400, 'no_saved_session', 'Instance has no saved session — call /connect first'),
    );

    await stage.link('leaving', '5511930000005');
    expect(await stage.instance('leaving')).toMatchObject({ status: 'connected' });
  });

  it('opens the saved session anew when asked', async () => {
    await stage.linkedInstance('again', '5511930000006');

    const answer = await stage.post('/api/instance/reconnect/again');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ success: true, message: 'Reconnect initiated', status: 'connecting' });
    await stage.simulator.waitForLogin('5511930000006', { times: 2 });
    await stage.untilStatus('again', 'connected');
  });

  it('unlinks the phone of an instance that is deleted, and knows the instance no more', async () => {
    const { id } = await stage.newInstance('deleted');
    await stage.link('deleted', '5511930000007');

    const answer = await stage.delete('/api/instance/delete/deleted');

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      message: 'Instance deleted',
      instance: { status: 'deleted' },
    });
    await stage.until(
      () => stage.simulator.sessions.every(({ number }) => number !== '5511930000007'),
      'the session has ended',
    );
    expect(await stored(id)).toEqual(NOTHING_STORED);
    for (const gone of [
      await connect('deleted'),
      await stage.get('/api/instance/qr/deleted'),
      await stage.get('/api/instance/list?instanceName=deleted'),
      await stage.post('/api/instance/reconnect/deleted'),
      await stage.delete('/api/instance/logout/deleted'),
      await stage.delete('/api/instance/delete/deleted'),
    ]) {
      expect(failureOf(gone)).toEqual(failure(404, 'instance_not_found', 'Instance not found'));
    }
  });

  it('says that WhatsApp cannot be reached, to new phones and to linked ones, and keeps what is linked', async () => {
    const { id } = await stage.newInstance('cut-off');
    await stage.link('cut-off', '5511930000008');
    await stage.newInstance('never-linked');
    await stage.product.stop();
    await stage.restart({ SIMULATOR_URL: 'ws://127.0.0.1:9/ws/chat' });

    for (const name of ['never-linked', 'cut-off']) {
      const answer = await connect(name);

      const message = 'WhatsApp is not reachable: connect ECONNREFUSED 127.0.0.1:9';
      expect(failureOf(answer)).toEqual(failure(502, 'whatsapp_unreachable', message));
    }
    expect(await stored(id)).toMatchObject({ credentials: 1, linked: true });

    expect((await stage.delete('/api/instance/logout/cut-off')).status).toBe(200);
    expect(await stored(id)).toEqual(NOTHING_STORED);
  });
});

function pngOf({ body }: Answer): Buffer {
  return Buffer.from(String(body.qrCodeBase64).replace('data:image/png;base64,', ''), 'base64');
}
