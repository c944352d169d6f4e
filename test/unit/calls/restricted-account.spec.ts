import { CallRoom } from './support/call-room.js';

const open = () => new CallRoom().start();

describe('an account that WhatsApp restricts', () => {
  it('respects a restriction by WhatsApp until its end', async () => {
    const room = await open();
    const until = new Date(room.clock.now().getTime() + 90_500);
    room.changeInstance({ restriction: { until, contactsFrom: null } });
    await expect(room.place()).rejects.toMatchObject({ code: 'whatsapp_restricted', retryAfterSeconds: 91 });
    expect(room.whatsapp.asked).toEqual([]);
    await room.clock.advance(90_500);
    await expect(room.place()).resolves.toBeDefined();
  });

  it('during a restriction that spares contacts places calls to them only, and asks WhatsApp for nobody else', async () => {
    const room = await open();
    const now = room.clock.now();
    const restriction = { until: new Date(now.getTime() + 60_000), contactsFrom: now };
    room.changeInstance({ restriction });
    room.whatsapp.contacts.add('5511999999999');
    await expect(room.place({ number: '5511888888888' })).rejects.toMatchObject({
      code: 'whatsapp_restricted',
      retryAfterSeconds: 60,
    });
    expect(room.whatsapp.asked).toEqual([]);
    await expect(room.place()).resolves.toBeDefined();
  });
});
