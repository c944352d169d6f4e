import { PACKET_WINDOW_MS, PacketRefused, SealedPackets } from '../../../src/cluster/nats/sealed-packets.js';
import { SecretBox } from '../../../src/common/crypto/secret-box.js';
import { ManualClock } from '../../support/manual-clock.js';

const PLACE = 'ringdrop.node.b.cmd';
const secrets = new SecretBox([Buffer.alloc(32, 9)]);

describe('a packet between nodes', () => {
  let clock: ManualClock;
  let sender: SealedPackets;
  let receiver: SealedPackets;

  beforeEach(() => {
    clock = new ManualClock();
    sender = new SealedPackets(secrets, clock);
    receiver = new SealedPackets(secrets, clock);
  });

  const ring = () => sender.seal({ ring: 'é' }, PLACE).packet;
  /** Why the work fails. */
  const reasonOf = (work: () => unknown): string => {
    try {
      work();
      return 'none';
    } catch (error) {
      return error instanceof PacketRefused ? error.reason : String(error);
    }
  };

  it('opens once', async () => {
    const packet = ring();
    expect(receiver.open(packet, PLACE).value).toEqual({ ring: 'é' });
    for (const waitMs of [0, 1, PACKET_WINDOW_MS - 1]) {
      await clock.advance(waitMs);
      expect(reasonOf(() => receiver.open(packet, PLACE))).toBe('repeated');
    }
  });

  it('opens no more when it is forgotten that it was opened', async () => {
    const packet = ring();
    receiver.open(packet, PLACE);
    for (let seconds = 0; seconds <= 200; seconds += 1) {
      expect(() => receiver.open(packet, PLACE)).toThrow();
      await clock.advance(1000);
    }
  });

  it('opens within a minute, for clocks that differ, and not later', async () => {
    const packet = ring();
    const late = ring();
    await clock.advance(PACKET_WINDOW_MS);
    expect(receiver.open(packet, PLACE).value).toEqual({ ring: 'é' });
    await clock.advance(1);
    expect(reasonOf(() => receiver.open(late, PLACE))).toBe('out_of_time');
  });

  it.each([
    [PACKET_WINDOW_MS, true],
    [PACKET_WINDOW_MS + 1, false],
  ])('of a process whose clock is %d ms ahead opens: %s', (aheadMs, opens) => {
    const ahead = new SealedPackets(secrets, new ManualClock(new Date(clock.now().getTime() + aheadMs)));
    const open = () => receiver.open(ahead.seal(1, PLACE).packet, PLACE).value;
    if (opens) expect(open()).toBe(1);
    else expect(reasonOf(open)).toBe('out_of_time');
  });

  it('of before the start of a process opens nothing there', async () => {
    const packet = ring();
    await clock.advance(1);
    const startedAt = clock.now();
    expect(reasonOf(() => receiver.open(packet, PLACE, startedAt))).toBe('out_of_time');
    expect(receiver.open(ring(), PLACE, startedAt).value).toEqual({ ring: 'é' });
  });

  it('opens at its place only, and with the key of the installation', () => {
    expect(() => receiver.open(ring(), 'ringdrop.node.c.cmd')).toThrow('cannot be opened');
    const stranger = new SealedPackets(new SecretBox([Buffer.alloc(32, 8)]), clock);
    expect(() => receiver.open(stranger.seal(1, PLACE).packet, PLACE)).toThrow('cannot be opened');
    for (const nothing of [undefined, null, 7, '', 'x', {}, []]) {
      expect(() => receiver.open(nothing, PLACE)).toThrow();
    }
  });

  it('of a release whose packets had no time is not taken', () => {
    const old = secrets.sealText('{"ring":"é"}', ['packet between nodes', PLACE]).toString('base64');
    expect(() => receiver.open(old, PLACE)).toThrow('cannot be opened');
  });

  it('is answered by a reply that fits no other question', () => {
    const [first, second] = [sender.seal(1, PLACE), sender.seal(1, PLACE)];
    const reply = receiver.sealReply('accepted', receiver.open(first.packet, PLACE).id);
    expect(sender.openReply(reply, first.id)).toBe('accepted');
    expect(() => sender.openReply(reply, second.id)).toThrow('cannot be opened');
  });

  it('is refused rather than forgotten when very many come, until they are too old', async () => {
    receiver = new SealedPackets(secrets, clock, 2);
    const [first, second, third] = [ring(), ring(), ring()];
    receiver.open(first, PLACE);
    receiver.open(second, PLACE);
    expect(reasonOf(() => receiver.open(third, PLACE))).toBe('too_many');
    expect(reasonOf(() => receiver.open(first, PLACE))).toBe('repeated');
    await clock.advance(PACKET_WINDOW_MS + 10_000);
    expect(receiver.open(ring(), PLACE).value).toEqual({ ring: 'é' });
  });
});
