import { randomUUID } from 'node:crypto';
import { CallRoom } from './support/call-room.js';

const open = () => new CallRoom().start();

describe('the traffic of an instance', () => {
  it('is read once, and so is the name of the instance', async () => {
    const room = await open();
    for (let call = 0; call < 3; call += 1) await room.place();
    expect(room).toMatchObject({ lookups: 1, calls: { trafficReads: 1 } });
  });

  it('lets calls in under limits that were raised meanwhile, and keeps them out under those that were lowered', async () => {
    const room = await open();
    room.changeInstance({ maxConcurrentCalls: 1 });
    await room.place();
    room.changeInstance({ maxConcurrentCalls: 3 });
    await room.place();
    await room.place();
    room.changeInstance({ maxConcurrentCalls: 100, numberCooldownSeconds: 60 });
    await expect(room.place()).rejects.toMatchObject({ code: 'number_cooldown', retryAfterSeconds: 60 });
    await room.place({ number: '5511777777777' });
    room.changeInstance({ maxConcurrentCalls: 4, numberCooldownSeconds: 0 });
    await expect(room.place()).rejects.toMatchObject({ code: 'too_many_calls' });
    expect(room.calls.all()).toHaveLength(4);
  });

  it('holds no slot for a call that has ended without this process knowing', async () => {
    const room = await open();
    room.changeInstance({ maxConcurrentCalls: 1 });
    await room.place();
    await expect(room.place()).rejects.toMatchObject({ code: 'too_many_calls' });
    const call = room.calls.only();
    room.calls.rows.set(call.id, { ...call, state: 'ended', outcome: 'completed' });
    await expect(room.place()).resolves.toMatchObject({ replayed: false });
  });

  it('lets as many calls in as are free, however many come at once', async () => {
    const room = await open();
    room.changeInstance({ maxConcurrentCalls: 3 });
    await room.place();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => room.place()));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });

  it('lets one of two calls in that come at once while a number or the instance has a pause', async () => {
    for (const pause of [{ numberCooldownSeconds: 60 }, { minSecondsBetweenCalls: 60 }]) {
      const room = await open();
      room.changeInstance(pause);
      const results = await Promise.allSettled([room.place(), room.place()]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('gives slot and pause back when nothing reached WhatsApp', async () => {
    const room = await open();
    room.changeInstance({ maxConcurrentCalls: 1, minSecondsBetweenCalls: 60, numberCooldownSeconds: 60 });
    room.calls.placingFault = new Error('the connection broke');
    await expect(room.place()).rejects.toThrow('the connection broke');
    room.calls.placingFault = undefined;
    room.calls.rows.clear();
    await expect(room.place()).resolves.toMatchObject({ replayed: false });
  });

  it('does not hide that another instance has the name now', async () => {
    const room = await open();
    const first = room.instance.id;
    await room.place();
    room.instance = { ...room.instance, id: randomUUID() };
    room.calls.goneInstances.add(first);
    await room.place();
    expect(room.calls.all().map(({ instanceId }) => instanceId)).toEqual([first, room.instance.id]);
  });
});
