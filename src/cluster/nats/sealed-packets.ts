import { randomBytes } from 'node:crypto';
import type { SecretBox } from '../../common/crypto/secret-box.js';
import type { Clock } from '../../common/time/clock.js';
import { fieldsOf, number, text } from '../wire-values.js';

/** How old a packet may be, or how far ahead, by the clock of whoever opens it: clocks may differ by this much. */
export const PACKET_WINDOW_MS = 60_000;
/** Packets that were opened are remembered in groups of this length, by their own time. */
const GROUP_MS = 10_000;
/** Some 20 MB. Only who has the encryption key can fill it. */
const MAX_REMEMBERED = 200_000;
const ID_BYTES = 12;
/** Another word than that of releases whose packets had no time: those open nothing here, and ours nothing there. */
const PURPOSE = 'dated packet between nodes';

/** A packet that was sealed with the right key but is not taken. */
export class PacketRefused extends Error {
  constructor(readonly reason: 'repeated' | 'out_of_time' | 'too_many') {
    super(`A packet of another process is not taken: ${reason}`);
    this.name = 'PacketRefused';
  }
}

export interface OpenedPacket {
  readonly id: string;
  readonly value: unknown;
}

/**
 * What nodes send each other holds QR codes and phone numbers and makes phones ring. It is sealed with the encryption key that
 * all nodes of an installation share: a stranger on the broker, or another installation, neither reads nor forges it. Nor
 * does one who has recorded it make it happen again: a packet opens once, within a minute, at one place.
 */
export class SealedPackets {
  /** Ids by the group of their time, the groups in no order. */
  private readonly opened = new Map<number, Set<string>>();
  private remembered = 0;

  constructor(
    private readonly secrets: SecretBox,
    private readonly clock: Clock,
    private readonly maxRemembered = MAX_REMEMBERED,
  ) {}

  /** @param place where the packet is valid; it opens nowhere else */
  seal(value: unknown, place: string): { readonly packet: string; readonly id: string } {
    const id = randomBytes(ID_BYTES).toString('base64');
    return { id, packet: this.sealed({ id, at: this.nowMs, value }, place) };
  }

  /**
   * @param notBefore packets of before are not taken: what was opened then may be forgotten
   * @throws PacketRefused, SealBroken, SyntaxError, TypeError
   */
  open(packet: unknown, place: string, notBefore = new Date(0)): OpenedPacket {
    const fields = fieldsOf(this.unsealed(packet, place));
    const id = text(fields.id);
    const atMs = number(fields.at);
    if (!(Math.abs(this.nowMs - atMs) <= PACKET_WINDOW_MS) || atMs < notBefore.getTime()) {
      throw new PacketRefused('out_of_time');
    }
    this.remember(id, atMs);
    return { id, value: fields.value };
  }

  /** An answer to the packet with this id, which nobody waits for twice. */
  sealReply(value: unknown, id: string): string {
    return this.sealed(value, replyTo(id));
  }

  /** @throws SealBroken, SyntaxError, TypeError */
  openReply(packet: unknown, id: string): unknown {
    return this.unsealed(packet, replyTo(id));
  }

  private get nowMs(): number {
    return this.clock.now().getTime();
  }

  private remember(id: string, atMs: number): void {
    this.forgetOld();
    const group = Math.floor(atMs / GROUP_MS);
    const ids = this.opened.get(group) ?? new Set();
    if (ids.has(id)) throw new PacketRefused('repeated');
    // What cannot be remembered could be repeated.
    if (this.remembered >= this.maxRemembered) throw new PacketRefused('too_many');
    this.opened.set(group, ids.add(id));
    this.remembered += 1;
  }

  private forgetOld(): void {
    const oldestMs = this.nowMs - PACKET_WINDOW_MS;
    for (const [group, ids] of this.opened) {
      if ((group + 1) * GROUP_MS > oldestMs) continue;
      this.opened.delete(group);
      this.remembered -= ids.size;
    }
  }

  private sealed(value: unknown, place: string): string {
    return this.secrets.sealText(JSON.stringify(value ?? null), [PURPOSE, place]).toString('base64');
  }

  private unsealed(packet: unknown, place: string): unknown {
    if (typeof packet !== 'string') throw new TypeError('No packet');
    const value: unknown = JSON.parse(this.secrets.openText(Buffer.from(packet, 'base64'), [PURPOSE, place]));
    return value;
  }
}

function replyTo(id: string): string {
  return `reply to ${id}`;
}
