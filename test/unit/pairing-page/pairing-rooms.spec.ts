import { InstanceDeleted } from '../../../src/instances/instance-deleted.event.js';
import { TooManyAttempts, TooManyViewers } from '../../../src/pairing-page/pairing.errors.js';
import { LinkingLimited } from '../../../src/whatsapp/whatsapp.errors.js';
import { instanceRow } from '../instances/support/instance-row.js';
import { PairingStage, Visitor } from './support/pairing-stage.js';

const JID = '5511999999999@s.whatsapp.net';
const QR_LINGER_MS = 15_000;
const CODE_LINGER_MS = 180_000;
const CODE = { kind: 'code', number: '5511999999999' } as const;

describe('those who look at the page of an instance', () => {
  it('see linking begin, go on and end, and are sent away then', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    stage.whatsapp.phoneLinks(stage.id, JID);
    await stage.settle();

    expect(visitor.phases).toEqual(['starting', 'qr', 'linking', 'connected']);
    expect(visitor.states.at(-1)).toEqual({ phase: 'connected', number: '5511999999999' });
    expect(visitor.hasLeft).toBe(true);
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('share one attempt', async () => {
    const stage = new PairingStage();
    const [first, second] = [await stage.visit(), await stage.visit()];

    expect(stage.whatsapp.asked).toEqual(['qr']);
    expect(second.states).toEqual([first.states.at(-1)]);
  });

  it('get each new QR code', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    stage.whatsapp.tell(stage.id, { type: 'qr_ready', qr: '2@renewed' });
    await stage.settle();

    expect(visitor.phases).toEqual(['starting', 'qr', 'qr']);
    expect(visitor.states[2]).not.toEqual(visitor.states[1]);
  });

  it('let linking go on for a moment when the last of them leaves, and then it ends', async () => {
    const stage = new PairingStage();
    const [first, second] = [await stage.visit(), await stage.visit()];
    first.end();
    await stage.clock.advance(10 * QR_LINGER_MS);
    expect(stage.whatsapp.sessionState(stage.id)).toBe('linking');

    second.end();
    await stage.clock.advance(QR_LINGER_MS - 1);
    expect(stage.whatsapp.sessionState(stage.id)).toBe('linking');
    await stage.clock.advance(1);
    expect(stage.whatsapp.sessionState(stage.id)).toBe('absent');
    expect(stage.row).toMatchObject({ status: 'disconnected' });
    expect(stage.clock.pendingTimers).toBe(0);
  });

  it('find the same code when they come back in time', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    visitor.end();
    await stage.clock.advance(QR_LINGER_MS - 1);
    const back = await stage.visit({ isReturn: true });
    await stage.clock.advance(QR_LINGER_MS);

    expect(back.states).toEqual([visitor.states.at(-1)]);
    expect(stage.whatsapp.asked).toEqual(['qr']);
    expect(stage.whatsapp.sessionState(stage.id)).toBe('linking');
  });

  it('may leave the page for WhatsApp on the same phone to type the code', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    await stage.rooms.begin(stage.link, CODE);
    visitor.end();
    await stage.clock.advance(CODE_LINGER_MS - 1);
    expect(stage.whatsapp.sessionState(stage.id)).toBe('linking');

    await stage.clock.advance(1);
    expect(stage.whatsapp.sessionState(stage.id)).toBe('absent');
  });

  it('do not end a session that logs in when they leave', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    stage.whatsapp.tell(stage.id, { type: 'paired', jid: JID });
    const session = stage.whatsapp.sessions.get(stage.id);
    if (session) session.state = 'connecting';
    await stage.settle();
    visitor.end();
    await stage.clock.advance(QR_LINGER_MS);

    expect(stage.whatsapp.sessionState(stage.id)).toBe('connecting');
  });

  it('open at most 200 pages of all instances of an account', () => {
    const stage = new PairingStage();
    const link = (instance: number, accountId: string) => ({
      ...stage.link,
      instance: instanceRow({ id: `i${instance}`, accountId }),
      isUsed: true,
    });
    for (let page = 0; page < 200; page += 1)
      stage.rooms.watch(link(page % 50, 'greedy'), new Visitor(), false);
    expect(() => stage.rooms.watch(link(51, 'greedy'), new Visitor(), false)).toThrow(TooManyViewers);
    stage.rooms.watch(link(52, 'other'), new Visitor(), false);
  });

  it('do not end what was under way before they came', async () => {
    const stage = new PairingStage();
    await stage.sessions.link(stage.row, { kind: 'qr' });
    const visitor = await stage.visit();
    expect(visitor.phases).toContain('qr');
    visitor.end();
    await stage.clock.advance(QR_LINGER_MS);

    expect(stage.whatsapp.sessionState(stage.id)).toBe('linking');
  });

  it('learn that somebody else has started another attempt', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    stage.whatsapp.tell(stage.id, { type: 'connecting' });
    await stage.settle();

    expect(visitor.states.at(-1)).toEqual({ phase: 'failed', failure: { reason: 'stopped' } });
  });

  it('see why it failed; who comes later starts anew, who only comes back does not', async () => {
    const stage = new PairingStage();
    stage.whatsapp.refusal = new LinkingLimited();
    const visitor = await stage.visit();
    expect(visitor.states.at(-1)).toEqual({ phase: 'failed', failure: { reason: 'linking_limited' } });
    stage.whatsapp.refusal = undefined;

    const returning = await stage.visit({ isReturn: true });
    expect(returning.phases).toEqual(['failed']);
    const reloaded = await stage.visit();
    expect(reloaded.phases).toEqual(['failed', 'starting', 'qr']);
  });

  it('are not told the outcome of an attempt that another one has replaced', async () => {
    const stage = new PairingStage();
    let goOn: () => void = () => undefined;
    stage.whatsapp.answer = new Promise((resolve) => (goOn = resolve));
    const visitor = await stage.visit();
    stage.whatsapp.answer = Promise.resolve();
    await stage.rooms.begin(stage.link, CODE);
    stage.whatsapp.refusal = new LinkingLimited();
    goOn();
    await stage.settle();

    expect(visitor.phases).toEqual(['starting', 'starting', 'code']);
  });

  it('are told when their link expires, and nothing goes on without them', async () => {
    const stage = new PairingStage();
    const expiresAt = new Date(stage.clock.now().getTime() + 60_000);
    const [short, long] = [await stage.visit({ expiresAt }), await stage.visit()];
    await stage.clock.advance(60_000);
    expect(short.states.at(-1)).toEqual({ phase: 'expired' });
    expect([short.hasLeft, long.hasLeft]).toEqual([true, false]);
    expect(stage.whatsapp.sessionState(stage.id)).toBe('linking');

    await stage.clock.advance(24 * 60 * 60_000);
    expect(long.phases.at(-1)).toBe('expired');
    expect(stage.whatsapp.sessionState(stage.id)).toBe('absent');
  });

  it('are sent away with the instance', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    await stage.events.publish(new InstanceDeleted(stage.row));

    expect(visitor.states.at(-1)).toEqual({ phase: 'gone' });
    expect(visitor.hasLeft).toBe(true);
  });

  it('are told at once when the phone is linked already', async () => {
    const stage = new PairingStage();
    const before = await stage.visit();
    stage.whatsapp.phoneLinks(stage.id, JID);
    await stage.settle();
    const after = await stage.visit({ isUsed: true });

    expect(after.states).toEqual([before.states.at(-1)]);
    expect(after.hasLeft).toBe(true);
  });

  it('start nothing with a link that was used, and see the session log in', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit({ isUsed: true });
    expect(visitor.phases).toEqual(['linking']);
    expect(stage.whatsapp.asked).toEqual([]);

    stage.whatsapp.connects(stage.id, JID);
    await stage.settle();
    expect(visitor.phases).toEqual(['linking', 'connected']);
  });

  it('cannot start linking without end', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    for (let attempt = 1; attempt < 20; attempt += 1) await stage.rooms.begin(stage.link, { kind: 'qr' });

    await expect(stage.rooms.begin(stage.link, CODE)).rejects.toThrow(TooManyAttempts);
    expect(visitor.phases.at(-1)).toBe('qr');
  });

  it('are not more than 20 at the same time', async () => {
    const stage = new PairingStage();
    for (let visits = 0; visits < 20; visits += 1) await stage.visit();
    await expect(stage.visit()).rejects.toThrow(TooManyViewers);
  });

  it('are all sent away when the process ends', async () => {
    const stage = new PairingStage();
    const visitor = await stage.visit();
    stage.rooms.onModuleDestroy();
    await stage.settle();

    expect(visitor.hasLeft).toBe(true);
    expect(stage.clock.pendingTimers).toBe(0);
  });
});
