import { encodeBinaryNode, type BinaryNode } from '@whiskeysockets/baileys';
import type { SeededRandom } from './seeded-random.js';

/** Who is on the wire: the session that is attacked and what it would take seriously. */
export interface Scene {
  /** Bare JID of the attacked account. */
  readonly me: string;
  /** LID device JIDs of people. */
  readonly peers: readonly string[];
  /** Call ids that the session knows, live ones and ended ones. */
  readonly callIds: readonly string[];
  /** Ids of stanzas that the session sent. */
  readonly stanzaIds: readonly string[];
}

const SERVER = 's.whatsapp.net';
const CALL_TAGS = [
  'offer', 'offer_notice', 'preaccept', 'accept', 'reject', 'terminate', 'transport', 'relaylatency', 'heartbeat',
  'mute_v2', 'video', 'group_update', 'enc_rekey', 'peer_state', 'nonsense', '',
]; // prettier-ignore
const NOTIFICATIONS = [
  'encrypt', 'devices', 'account_sync', 'server_sync', 'privacy_token', 'w:gp2', 'mediaretry', 'picture', 'newsletter',
  'link_code_companion_reg', 'disappearing_mode', 'business', 'registration', 'status', 'nonsense', '',
]; // prettier-ignore
const CHILD_TAGS = [
  'count', 'identity', 'update', 'add', 'remove', 'device', 'key', 'list', 'item', 'enc', 'offer', 'error', 'tokens', 'token',
  'props', 'query', 'user', 'usync', 'offline', 'offline_preview', 'dirty', 'edge_routing', 'routing_info', 'thread_metadata',
  'participants', 'unavailable', 'collection', 'sync', 'link_code_pairing_nonce', 'set', 'delete', 'verified_name', 'retry',
]; // prettier-ignore
const ATTRIBUTES = [
  'id', 'from', 'to', 'type', 'class', 't', 'e', 'error', 'reason', 'code', 'count', 'participant', 'recipient', 'notify',
  'offline', 'xmlns', 'call-id', 'call-creator', 'jid', 'value', 'version', 'platform', 'sender_lid', 'caller_pn', 'edit', 'name',
]; // prettier-ignore
const MAX_DEPTH = 4;
const GIANT_BYTES = 256 * 1024;
const GIANT_CHILDREN = 2_000;
const DEEP_LEVELS = 400;

/** Makes what a server should never send; the same seed makes the same. */
export class HostileStanzas {
  private readonly makers: readonly (() => BinaryNode)[];

  constructor(
    private readonly random: SeededRandom,
    private readonly scene: () => Scene,
  ) {
    this.makers = [
      () => this.unknown(),
      () => this.call(),
      () => this.call(),
      () => this.receipt(),
      () => this.ack(),
      () => this.notification(),
      () => this.notification(),
      () => this.iq(),
      () => this.message(),
      () => this.housekeeping(),
    ];
  }

  /** A stanza that is well-formed as bytes and of any content. It asks nobody to end the session. */
  next(): BinaryNode {
    return this.random.pick(this.makers)();
  }

  /** Far bigger or deeper than anything that WhatsApp sends. */
  giant(): BinaryNode {
    const node = this.next();
    switch (this.random.integer(0, 2)) {
      case 0:
        return { ...node, content: Buffer.alloc(GIANT_BYTES, this.random.integer(0, 255)) };
      case 1:
        return { ...node, content: Array.from({ length: GIANT_CHILDREN }, () => this.node(MAX_DEPTH)) };
      default:
        return { ...node, content: [this.deep()] };
    }
  }

  /** Bytes that decrypt and are no stanza: cut short, changed in places, or noise. */
  bytes(): Buffer {
    const bytes = Buffer.from(encodeBinaryNode(this.next()));
    switch (this.random.integer(0, 2)) {
      case 0:
        return bytes.subarray(0, this.random.integer(0, bytes.length - 1));
      case 1:
        for (let flips = this.random.integer(1, 8); flips > 0; flips -= 1) {
          bytes[this.random.integer(0, bytes.length - 1)] = this.random.integer(0, 255);
        }
        return bytes;
      default:
        return this.random.bytes(this.random.integer(1, 300));
    }
  }

  private unknown(): BinaryNode {
    const tag = this.random.pick([
      'nonsense',
      'handoff',
      'w',
      'x'.repeat(200),
      'chatstate',
      'presence',
      '\u0000',
      'ключ',
    ]);
    return { tag, attrs: this.attrs(), content: this.content(0) };
  }

  private call(): BinaryNode {
    const { random } = this;
    const { callIds, peers } = this.scene();
    const child: BinaryNode = {
      tag: random.pick(CALL_TAGS),
      attrs: {
        ...this.attrs(),
        ...(random.chance(0.8) && { 'call-id': this.oneOf(callIds) }),
        ...(random.chance(0.8) && { 'call-creator': this.oneOf(peers) }),
      },
      content: this.content(1),
    };
    const content = random.chance(0.8) ? [child] : this.content(0);
    return { tag: 'call', attrs: { ...this.attrs(), from: this.oneOf(peers), id: this.id() }, content };
  }

  private receipt(): BinaryNode {
    const type = this.random.pick(['', 'read', 'retry', 'sender', 'inactive', 'server-error', 'nonsense']);
    return {
      tag: 'receipt',
      attrs: { ...this.attrs(), from: this.jid(), id: this.id(), type },
      content: this.content(0),
    };
  }

  /** Also for stanzas that were answered before, or never sent. */
  private ack(): BinaryNode {
    const { random } = this;
    const attrs: Record<string, string> = {
      ...this.attrs(),
      class: random.pick(['call', 'receipt', 'message', 'nonsense', '']),
      id: this.id(),
      from: this.jid(),
    };
    if (random.chance(0.5))
      attrs.error = random.pick(['401', '403', '404', '0', '-1', 'NaN', '99999999999999']);
    return { tag: 'ack', attrs, content: this.content(0) };
  }

  private notification(): BinaryNode {
    const type = this.random.pick(NOTIFICATIONS);
    return {
      tag: 'notification',
      attrs: { ...this.attrs(), type, id: this.id(), from: this.jid() },
      content: this.content(0),
    };
  }

  private iq(): BinaryNode {
    const { random } = this;
    const type = random.pick(['result', 'error', 'get', 'set', 'nonsense', '']);
    const xmlns = random.pick(['urn:xmpp:ping', 'encrypt', 'usync', 'w:p', 'privacy', 'nonsense', '']);
    return {
      tag: 'iq',
      attrs: { ...this.attrs(), type, xmlns, id: this.id(), from: SERVER },
      content: this.content(0),
    };
  }

  private message(): BinaryNode {
    const { random } = this;
    const enc: BinaryNode = {
      tag: 'enc',
      attrs: {
        v: random.pick(['2', '3', 'x']),
        type: random.pick(['msg', 'pkmsg', 'skmsg', 'nonsense', '']),
      },
      content: random.bytes(random.integer(0, 200)),
    };
    const content = random.chance(0.8) ? [enc] : this.content(0);
    return {
      tag: 'message',
      attrs: { ...this.attrs(), from: this.jid(), id: this.id(), type: 'text' },
      content,
    };
  }

  private housekeeping(): BinaryNode {
    return { tag: 'ib', attrs: this.attrs(), content: this.content(0) };
  }

  private deep(): BinaryNode {
    let node: BinaryNode = { tag: 'offer', attrs: {} };
    for (let level = 0; level < DEEP_LEVELS; level += 1) node = { tag: 'offer', attrs: {}, content: [node] };
    return node;
  }

  private content(depth: number): BinaryNode['content'] {
    const { random } = this;
    const kind = random.next();
    if (kind < 0.15) return undefined;
    if (kind < 0.3) return random.bytes(random.integer(0, 100));
    if (kind < 0.35) return this.value();
    return Array.from({ length: random.integer(0, 4) }, () => this.node(depth + 1));
  }

  private node(depth: number): BinaryNode {
    const content = depth >= MAX_DEPTH ? undefined : this.content(depth);
    return { tag: this.random.pick(CHILD_TAGS), attrs: this.attrs(), content };
  }

  private attrs(): Record<string, string> {
    const names = this.random.sample(ATTRIBUTES, this.random.integer(0, 5));
    return Object.fromEntries(names.map((name) => [name, this.value()]));
  }

  private value(): string {
    const { random } = this;
    return random.pick([
      '', '0', '-1', '1', 'true', 'null', '__proto__', 'constructor', String(random.integer(0, 2 ** 31)), '9'.repeat(30),
      'a'.repeat(random.integer(1, 500)), '\u0000\uffff', '%s%n', random.bytes(8).toString('hex'), this.jid(), this.id(),
    ]); // prettier-ignore
  }

  private jid(): string {
    const { me, peers } = this.scene();
    return this.random.pick([
      SERVER, me, this.oneOf(peers), '@s.whatsapp.net', 'x@lid', '1:2:3@lid', '120363@g.us', 'status@broadcast', 'nonsense',
    ]); // prettier-ignore
  }

  private id(): string {
    return this.random.chance(0.5)
      ? this.oneOf(this.scene().stanzaIds)
      : this.random.bytes(8).toString('hex').toUpperCase();
  }

  private oneOf(known: readonly string[]): string {
    return known.length === 0 ? 'none' : this.random.pick(known);
  }
}
