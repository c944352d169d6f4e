import { DataSource } from 'typeorm';
import { SecretBox } from '../../../../src/common/crypto/secret-box.js';
import { EventBus } from '../../../../src/common/events/event-bus.js';
import { ConnectionSignalsListener } from '../../../../src/instances/connection-signals.listener.js';
import { PasskeyRequests } from '../../../../src/instances/passkey-requests.js';
import { LinkedNews } from '../../../../src/cluster/linked-news.js';
import { NoLink } from '../../../../src/cluster/no-link.js';
import { OwnerCommands } from '../../../../src/cluster/owner-commands.js';
import { SessionCommands } from '../../../../src/instances/session-commands.js';
import { InstanceSessions } from '../../../../src/instances/instance-sessions.js';
import { InstanceStates } from '../../../../src/instances/instance-states.js';
import { FixedWindowStorage } from '../../../../src/auth/fixed-window-storage.js';
import { AttemptBudget } from '../../../../src/pairing-page/attempt-budget.js';
import { PairingEventsListener } from '../../../../src/pairing-page/pairing-events.listener.js';
import { PairingRooms } from '../../../../src/pairing-page/pairing-rooms.js';
import type { PageState, PairingViewer } from '../../../../src/pairing-page/pairing-viewer.js';
import { PhoneLinking } from '../../../../src/pairing-page/phone-linking.js';
import { SharedInstancesRepository } from '../../../../src/pairing-page/shared-instances.repository.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';
import type { LinkMethod, LinkOffer, SessionOptions } from '../../../../src/whatsapp/whatsapp.gateway.js';
import { FakeGateway } from '../../instances/support/fake-gateway.js';
import { instanceRow } from '../../instances/support/instance-row.js';
import { MemoryStatuses } from '../../instances/support/memory-statuses.js';

const LINK_LIFETIME_MS = 24 * 60 * 60_000;

/** A page without a browser. */
export class Visitor implements PairingViewer {
  readonly states: PageState[] = [];
  hasLeft = false;
  private listener: () => void = () => undefined;

  show(state: PageState): void {
    this.states.push(state);
  }

  end(): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.listener();
  }

  onClosed(listener: () => void): void {
    this.listener = listener;
    if (this.hasLeft) listener();
  }

  get phases(): string[] {
    return this.states.map(({ phase }) => phase);
  }
}

/** A fake WhatsApp that counts attempts, refuses them, or lets them wait. */
class LinkingGateway extends FakeGateway {
  readonly asked: LinkMethod['kind'][] = [];
  refusal: Error | undefined;
  answer: Promise<void> = Promise.resolve();

  override async link(instanceId: string, method: LinkMethod, options: SessionOptions): Promise<LinkOffer> {
    this.asked.push(method.kind);
    await this.answer;
    if (this.refusal) throw this.refusal;
    return super.link(instanceId, method, options);
  }
}

class MemoryInstances extends SharedInstancesRepository {
  constructor(private readonly statuses: MemoryStatuses) {
    super(new DataSource({ type: 'postgres' })); // never connected
  }

  override find(instanceId: string) {
    return this.statuses.findWhole(instanceId);
  }
}

/** Everything of the pairing page behind its controllers, on one instance, a fake WhatsApp and a clock moved by hand. */
export class PairingStage {
  readonly clock = new ManualClock();
  readonly whatsapp = new LinkingGateway();
  readonly log = new SilentLog();
  readonly row = instanceRow();
  readonly statuses = new MemoryStatuses(this.row);
  readonly events = new EventBus(this.log);
  readonly sessions: SessionCommands;
  readonly rooms: PairingRooms;

  constructor() {
    const { clock, whatsapp, log, statuses, events } = this;
    const states = new InstanceStates(statuses, events, clock, log);
    new ConnectionSignalsListener(whatsapp, states, log).onModuleInit();
    const secrets = new SecretBox([Buffer.alloc(32, 7)]);
    const sessions = new InstanceSessions(whatsapp, statuses, states, secrets, log);
    this.sessions = new SessionCommands(new OwnerCommands(), sessions, new PasskeyRequests(events), log);
    this.sessions.onModuleInit();
    const linking = new PhoneLinking(new MemoryInstances(statuses), this.sessions);
    this.rooms = new PairingRooms(linking, clock, new AttemptBudget(new FixedWindowStorage(clock)), log);
    new PairingEventsListener(events, new LinkedNews(new NoLink(), log), this.rooms).onModuleInit();
  }

  get id(): string {
    return this.row.id;
  }

  get link() {
    const expiresAt = new Date(this.clock.now().getTime() + LINK_LIFETIME_MS);
    return { instance: this.row, expiresAt, isUsed: false };
  }

  /** Somebody opens the page. */
  async visit(changes: { isReturn?: boolean; isUsed?: boolean; expiresAt?: Date } = {}): Promise<Visitor> {
    const { isReturn = false, ...link } = changes;
    const visitor = new Visitor();
    this.rooms.watch({ ...this.link, ...link }, visitor, isReturn);
    await this.settle();
    return visitor;
  }

  /** Lets everything that has begun come to its end. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await this.clock.advance(0);
  }
}
