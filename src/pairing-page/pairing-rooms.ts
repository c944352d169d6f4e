import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';
import type { LinkMethod, LinkOffer } from '../whatsapp/whatsapp.gateway.js';
import { AttemptBudget } from './attempt-budget.js';
import type { OpenedLink } from './pairing-links.service.js';
import { PairingRoom, type PairingTools } from './pairing-room.js';
import { TooManyViewers } from './pairing.errors.js';
import { numberOf } from './pairing-state.js';
import type { PairingViewer } from './pairing-viewer.js';
import { PhoneLinking } from './phone-linking.js';

/** Open pages of all instances of an account. Each is a connection that stays. */
const MAX_VIEWERS_PER_ACCOUNT = 200;

/** The pages that are open in this process, in one room for each instance. */
@Injectable()
export class PairingRooms implements OnModuleDestroy {
  private readonly rooms = new Map<string, PairingRoom>();
  private readonly tools: PairingTools;
  private isOver = false;

  constructor(
    private readonly linking: PhoneLinking,
    private readonly clock: Clock,
    budget: AttemptBudget,
    log: Log,
  ) {
    this.tools = { linking, budget, clock, log };
  }

  /**
   * Shows the viewer how linking goes on, until it leaves, the phone is linked or the link expires. Linking starts by
   * itself.
   * @param isReturn the page was open before and has only lost its connection
   * @throws TooManyViewers
   */
  watch({ instance, expiresAt, isUsed }: OpenedLink, viewer: PairingViewer, isReturn: boolean): void {
    if (this.linking.stateOf(instance) === 'connected') {
      viewer.show({ phase: 'connected', number: numberOf(instance.numberJid ?? '') });
      viewer.end();
      return;
    }
    if (this.viewersOf(instance.accountId) >= MAX_VIEWERS_PER_ACCOUNT) throw new TooManyViewers();
    const room = this.roomOf(instance);
    room.join(viewer);
    let hasExpired = false;
    const expiry = this.clock.schedule(expiresAt.getTime() - this.clock.now().getTime(), () => {
      hasExpired = true;
      viewer.show({ phase: 'expired' });
      viewer.end();
    });
    viewer.onClosed(() => {
      expiry.cancel();
      room.leave(viewer, hasExpired);
    });
    if (isUsed) room.showLogin();
    else room.wantQr({ evenAfterFailure: !isReturn });
  }

  /** Starts linking in another way, or once more, for everybody who looks. @throws what `PairingRoom.begin` throws */
  begin({ instance }: OpenedLink, method: LinkMethod): Promise<LinkOffer> {
    return this.roomOf(instance).begin(method);
  }

  take(instanceId: string, signal: SessionSignal): void {
    this.rooms.get(instanceId)?.take(signal);
  }

  dismissInstance(instanceId: string): void {
    this.rooms.get(instanceId)?.dismiss();
  }

  dismissAccount(accountId: string): void {
    for (const room of [...this.rooms.values()]) if (room.instance.accountId === accountId) room.dismiss();
  }

  /** Ends all pages of this process; those that come afterwards are sent away. */
  closeAll(): void {
    this.isOver = true;
    for (const room of [...this.rooms.values()]) room.close();
  }

  onModuleDestroy(): void {
    this.closeAll();
  }

  private viewersOf(accountId: string): number {
    let viewers = 0;
    for (const room of this.rooms.values())
      if (room.instance.accountId === accountId) viewers += room.viewerCount;
    return viewers;
  }

  private roomOf(instance: OpenedLink['instance']): PairingRoom {
    const { id } = instance;
    const known = this.rooms.get(id);
    if (known) {
      known.instance = instance;
      return known;
    }
    const room = new PairingRoom(instance, this.tools, () => this.rooms.delete(id));
    if (!this.isOver) this.rooms.set(id, room);
    return room;
  }
}
