import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';
import { NOTHING_STORED, storedSession } from '../support/stored-session.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const MESSAGE = 'WhatsApp asks this account for a passkey, which is not supported yet';
const REFUSED_ON_THE_PHONE = 'WhatsApp asks for the passkey of this account';

describe('linking an account of which WhatsApp asks a passkey', () => {
  let stage: Stage;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    stage = await Stage.open({ WEBHOOK_ALLOW_PRIVATE: 'true' });
    receiver = await WebhookReceiver.start();
  });

  afterEach(() => {
    stage.simulator.refuseLinking(undefined);
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await receiver.close();
    await stage.close();
  });

  const connect = (name: string, query = ''): Promise<Answer> =>
    stage.get(`/api/instance/connect/${name}${query}`);

  /** An instance whose events are listened to. */
  async function newInstance(name: string): Promise<string> {
    const { id } = await stage.newInstance(name);
    const webhook = { enabled: true, url: receiver.url, events: ['instance.state'] };
    expect((await stage.post(`/api/events/webhook/${name}`, webhook)).status).toBe(200);
    return id;
  }

  /** What was told about the state of an instance, in order. */
  const told = (name: string): Record<string, unknown>[] =>
    receiver.received
      .map(({ body }) => JSON.parse(body) as { data: Record<string, unknown>; instanceData: unknown })
      .filter(({ instanceData }) => JSON.stringify(instanceData).includes(`"${name}"`))
      .map(({ data }) => data);

  /** Ids of the requests for a passkey that the simulator sent, and of their acks. */
  function requestsAndAcks(): { requests: unknown[]; acks: unknown[] } {
    const { stanzas } = stage.simulator;
    const requests = stanzas
      .filter(({ direction, node }) => direction === 'out' && node.attrs.type === 'passkey_prologue_request')
      .map(({ node }) => node.attrs.id);
    const acks = stanzas
      .filter(({ direction, node }) => direction === 'in' && node.tag === 'ack')
      .map(({ node }) => node.attrs.id)
      .filter((id) => requests.includes(id));
    return { requests, acks };
  }

  async function expectEnded(name: string, id: string): Promise<void> {
    await stage.untilStatus(name, 'disconnected');
    expect(await stage.instance(name)).toMatchObject({
      numberJid: null,
      connection: { lastDisconnect: { code: 409, reason: MESSAGE } },
    });
    await stage.until(
      () => told(name).some(({ state }) => state === 'passkey_required'),
      'the event is delivered',
    );
    expect(told(name).at(-1)).toEqual({
      state: 'passkey_required',
      timestamp: expect.any(String),
      reason: MESSAGE,
    });
    expect(await storedSession(stage.databaseUrl, id)).toEqual(NOTHING_STORED);
    expect((await stage.get(`/api/instance/qr/${name}`)).status).toBe(409);
    expect((await stage.post(`/api/instance/reconnect/${name}`)).status).toBe(400);
  }

  it('by QR ends the attempt, says so in state and event, and acknowledges the request once', async () => {
    const id = await newInstance('by-qr');
    const number = '5511960000001';
    const phone = stage.simulator.addPhone({ number, asksForPasskey: true });
    const before = requestsAndAcks();

    const { body } = await connect('by-qr');
    await expect(phone.scanQr(String(body.qrCode))).rejects.toThrow(REFUSED_ON_THE_PHONE);

    await expectEnded('by-qr', id);
    const { requests, acks } = requestsAndAcks();
    expect(requests).toHaveLength(before.requests.length + 1);
    expect(acks).toEqual(requests);
    expect(told('by-qr').map(({ state }) => state)).toEqual(['connecting', 'qr_ready', 'passkey_required']);
    await expect(phone.scanQr(String(body.qrCode))).rejects.toThrow('unknown, expired or already used');

    expect(failureOf(await connect('by-qr'))).toEqual(failure(409, 'passkey_required', MESSAGE));

    // Accounts have stopped being asked; nothing of the first attempt is in the way of the next.
    const again = await connect('by-qr');
    expect(again.body).toMatchObject({ status: 'qr' });
    expect(again.body.qrCode).not.toBe(body.qrCode);
    stage.simulator.addPhone({ number, asksForPasskey: false });
    await phone.scanQr(String(again.body.qrCode));
    await stage.untilStatus('by-qr', 'connected');
  });

  it.each([
    ['after the code was typed', true, '5511960000002'],
    ['before the phone gave its key', 'early', '5511960000003'],
  ] as const)('by code, asked %s, ends the same way', async (when, asksForPasskey, number) => {
    const name = `by-code-${String(asksForPasskey)}`;
    const id = await newInstance(name);
    const phone = stage.simulator.addPhone({ number, asksForPasskey });

    const { body } = await connect(name, `?number=${number}`);
    await expect(phone.enterPairingCode(String(body.pairingCode))).rejects.toThrow(REFUSED_ON_THE_PHONE);

    await expectEnded(name, id);
    const { requests, acks } = requestsAndAcks();
    expect(acks).toEqual(requests);

    expect(failureOf(await connect(name))).toEqual(failure(409, 'passkey_required', MESSAGE));

    // A registration again, not a login of a device that never came to be.
    const again = await connect(name, `?number=${number}`);
    expect(again.body).toMatchObject({ status: 'pairing' });
    stage.simulator.addPhone({ number, asksForPasskey: false });
    await phone.enterPairingCode(String(again.body.pairingCode));
    await stage.untilStatus(name, 'connected');
  });

  it.each(['', '?number=5511960000004'])(
    'is what connect answers when there is nothing to show yet (%j)',
    async (query) => {
      const name = query ? 'asked-first-code' : 'asked-first-qr';
      const id = await newInstance(name);
      stage.simulator.refuseLinking({ at: 'connect', code: 'passkey' });

      const answer = await connect(name, query);

      expect(failureOf(answer)).toEqual(failure(409, 'passkey_required', MESSAGE));
      await expectEnded(name, id);
      stage.simulator.refuseLinking(undefined);
      expect((await connect(name, query)).status).toBe(200);
    },
  );

  it.each(['5511960000009@s.whatsapp.net', 'g.us'])(
    'is not taken from anybody but the server (%s)',
    async (sender) => {
      const name = `foreign-${sender.length}`;
      await newInstance(name);
      const { body } = await connect(name);
      stage.simulator.askForPasskey(sender);

      const phone = stage.simulator.addPhone({ number: `55119600001${sender.length}` });
      await phone.scanQr(String(body.qrCode));

      await stage.untilStatus(name, 'connected');
      expect(told(name).map(({ state }) => state)).not.toContain('passkey_required');
    },
  );
});
