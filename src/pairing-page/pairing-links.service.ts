import { Injectable } from '@nestjs/common';
import { SecretBox } from '../common/crypto/secret-box.js';
import type { TenantCaller } from '../common/http/caller.js';
import { Clock } from '../common/time/clock.js';
import { BaseAddress } from '../common/http/base-address.js';
import { InstancesService } from '../instances/instances.service.js';
import type { InstanceEntity } from '../instances/instance.entity.js';
import { readShare, SHARE_KEY_PURPOSE, signShare, tokensMark, type PairingShare } from './pairing-share.js';
import { PairingLinkInvalid } from './pairing.errors.js';
import { PhoneLinking } from './phone-linking.js';

/** A link that was made for the owner of a phone. */
export interface ShareLink {
  readonly url: string;
  readonly expiresAt: Date;
}

/** What is behind a link that works. */
export interface OpenedLink {
  readonly instance: InstanceEntity;
  readonly expiresAt: Date;
  /** A phone was linked since the link was made: the link shows that, and starts nothing any more. */
  readonly isUsed: boolean;
}

/**
 * Makes and opens links to the pairing page. Nothing about them is stored: a link says by itself what it opens and until
 * when. It is used up as soon as a phone is linked after it was made, in whatever way, and revoked with the tokens that could
 * have made it: when that of the instance or that of its account is rotated.
 */
@Injectable()
export class PairingLinks {
  private readonly keys: readonly Buffer[];

  constructor(
    private readonly instances: InstancesService,
    private readonly linking: PhoneLinking,
    private readonly address: BaseAddress,
    private readonly clock: Clock,
    secrets: SecretBox,
  ) {
    this.keys = secrets.deriveKeys(SHARE_KEY_PURPOSE);
  }

  /** @throws InstanceNotFound */
  async create(caller: TenantCaller, name: string, minutes: number): Promise<ShareLink> {
    const { id: instanceId } = await this.instances.require(caller, name);
    const [key] = this.keys;
    if (!key) throw new TypeError('A link needs a key');
    const issuedAt = this.clock.now();
    const expiresAt = new Date(issuedAt.getTime() + minutes * 60_000);
    const tokens = tokensMark(await this.linking.tokenHashesOf(instanceId), key);
    const share = signShare({ instanceId, issuedAt, expiresAt, tokens }, key);
    return { url: `${this.address.current()}/pair/${share}`, expiresAt };
  }

  /** @throws PairingLinkInvalid */
  async open(text: string): Promise<OpenedLink> {
    const share = readShare(text, this.keys);
    if (!share || share.expiresAt <= this.clock.now()) throw new PairingLinkInvalid();
    const instance = await this.linking.find(share.instanceId);
    if (!instance || (await this.isRevoked(share))) throw new PairingLinkInvalid();
    const isUsed = instance.lastLinkedAt !== null && instance.lastLinkedAt >= share.issuedAt;
    if (isUsed && !['connecting', 'connected'].includes(this.linking.stateOf(instance))) {
      throw new PairingLinkInvalid();
    }
    return { instance, expiresAt: share.expiresAt, isUsed };
  }

  /** Like `open`, for a visitor who wants to link a phone. @throws PairingLinkInvalid */
  async openUnused(text: string): Promise<OpenedLink> {
    const link = await this.open(text);
    if (link.isUsed) throw new PairingLinkInvalid();
    return link;
  }

  private async isRevoked({ instanceId, tokens }: PairingShare): Promise<boolean> {
    const hashes = await this.linking.tokenHashesOf(instanceId);
    return !this.keys.some((key) => tokensMark(hashes, key).equals(tokens));
  }
}
