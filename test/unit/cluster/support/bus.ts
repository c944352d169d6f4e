import { NodeLink } from '../../../../src/cluster/node-link.js';
import { Ownership, type Holder } from '../../../../src/cluster/ownership.js';
import { OwnerUnavailable } from '../../../../src/cluster/cluster.errors.js';

/** The nodes of a test and who holds what; what they say to each other goes through JSON, as on the wire. */
export class Bus {
  readonly nodes = new Map<string, MemoryLink>();
  readonly holders = new Map<string, string>();
  readonly questions: string[] = [];
  readonly acquired: string[] = [];

  join(nodeId: string): { link: MemoryLink; ownership: MemoryOwnership } {
    const link = new MemoryLink(this, nodeId);
    this.nodes.set(nodeId, link);
    return { link, ownership: new MemoryOwnership(this, nodeId) };
  }
}

export class MemoryLink extends NodeLink {
  override readonly isUp = true;
  answer: (message: unknown) => Promise<unknown> = () => Promise.resolve(null);
  hear: (message: unknown) => Promise<void> = () => Promise.resolve();

  constructor(
    private readonly bus: Bus,
    private readonly nodeId: string,
  ) {
    super();
  }

  override async ask(nodeId: string, message: unknown): Promise<unknown> {
    this.bus.questions.push(nodeId);
    const node = this.bus.nodes.get(nodeId);
    if (!node) throw OwnerUnavailable.unreached();
    return overTheWire(await node.answer(overTheWire(message)));
  }

  override tell(message: unknown): void {
    for (const [id, node] of this.bus.nodes) {
      if (id !== this.nodeId) void node.hear(overTheWire(message));
    }
  }

  override onAsked(answer: (message: unknown) => Promise<unknown>): void {
    this.answer = answer;
  }

  override onTold(hear: (message: unknown) => Promise<void>): void {
    this.hear = hear;
  }

  override open(): void {}
  override serveAs(): void {}
  override stopAnswering(): Promise<void> {
    return Promise.resolve();
  }
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

class MemoryOwnership extends Ownership {
  override readonly maySend = true;
  /** What this node believes, until it looks once more. */
  stale: Holder[] = [];

  constructor(
    private readonly bus: Bus,
    override readonly nodeId: string,
  ) {
    super();
  }

  override epochOf(instanceId: string): string | undefined {
    return this.bus.holders.get(instanceId) === this.nodeId ? '1' : undefined;
  }

  override holderOf(instanceId: string): Promise<Holder> {
    const holder = this.bus.holders.get(instanceId);
    const known: Holder =
      holder === undefined
        ? { kind: 'nobody' }
        : holder === this.nodeId
          ? { kind: 'here', epoch: '1' }
          : { kind: 'node', nodeId: holder };
    return Promise.resolve(this.stale.shift() ?? known);
  }

  override acquire(instanceId: string): Promise<Holder> {
    this.bus.acquired.push(instanceId);
    if (!this.bus.holders.has(instanceId)) this.bus.holders.set(instanceId, this.nodeId);
    return this.holderOf(instanceId);
  }

  override confirm(instanceId: string): Promise<boolean> {
    return Promise.resolve(this.epochOf(instanceId) !== undefined);
  }

  override refused(instanceId: string): void {
    this.bus.holders.delete(instanceId);
  }
}

function overTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null));
}
