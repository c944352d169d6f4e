import type { DueDelivery } from './due-delivery.js';
import type { ClaimLimits } from './lanes.repository.js';

/** Deliveries in flight in this process. */
const PLACES = 1000;
/**
 * An account may hold this share of the places that are free or its own. One alone gets a fifth of all, and however many want more
 * than they get, some remain for the next that comes.
 */
const ACCOUNT_SHARE = 1 / 5;
/** Taken in one round, so that the shares of all who want places are decided by what the others took. */
const SHARE_A_ROUND = 1 / 2;
const PLACES_PER_WEBHOOK = 16;
const PLACES_PER_FAILING_WEBHOOK = 1;

type Holder = Pick<DueDelivery, 'accountId' | 'webhookId'>;

/** Who holds how many of the places of this process, and who may have more. */
export class DeliveryPlaces {
  private held = 0;
  private readonly byAccount = new Map<string, number>();
  private readonly byWebhook = new Map<string, number>();

  /** `undefined` while all places are taken. */
  limits(): ClaimLimits | undefined {
    const free = PLACES - this.held;
    if (free <= 0) return undefined;
    return {
      lanes: Math.ceil(free * SHARE_A_ROUND),
      free,
      accountShare: ACCOUNT_SHARE,
      lanesPerWebhook: PLACES_PER_WEBHOOK,
      lanesPerFailingWebhook: PLACES_PER_FAILING_WEBHOOK,
      busyAccounts: Object.fromEntries(this.byAccount),
      busyWebhooks: Object.fromEntries(this.byWebhook),
    };
  }

  take({ accountId, webhookId }: Holder): void {
    this.held += 1;
    add(this.byAccount, accountId, 1);
    add(this.byWebhook, webhookId, 1);
  }

  /** True: somebody may wait for a place, because all that the account, or its webhook, may have were taken. */
  giveBack(holder: Holder): boolean {
    const { accountId, webhookId } = holder;
    const ofWebhook = this.byWebhook.get(webhookId) ?? 0;
    const isScarce = ofWebhook >= PLACES_PER_WEBHOOK || !this.mayHaveMore(holder);
    this.held -= 1;
    add(this.byAccount, accountId, -1);
    add(this.byWebhook, webhookId, -1);
    return isScarce;
  }

  /** Whether a place may be used for a next delivery; not when others have come since, for whom the account holds too many. */
  mayKeep({ accountId }: Holder): boolean {
    const busy = this.byAccount.get(accountId) ?? 0;
    return busy <= this.shareOf(busy);
  }

  private mayHaveMore({ accountId }: Holder): boolean {
    const busy = this.byAccount.get(accountId) ?? 0;
    return busy < this.shareOf(busy);
  }

  private shareOf(busy: number): number {
    return Math.ceil((PLACES - this.held + busy) * ACCOUNT_SHARE);
  }
}

function add(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
