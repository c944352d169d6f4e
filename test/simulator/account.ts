import { Curve, type KeyPair } from '@whiskeysockets/baileys';
import { CalleeDevice, type BundleState } from './callee-device.js';
import { CompanionDevice, type CompanionKeys } from './companion-device.js';
import { HOSTED_DEVICE, lidJid, phoneJid } from './jids.js';
import type { CalleeBehaviour, ContactOptions, IssuedToken, OfferAck } from './types.js';

const DEFAULT_BEHAVIOUR: CalleeBehaviour = { kind: 'rings' };

export interface LinkedCompanion {
  readonly account: Account;
  readonly device: CompanionDevice;
}

/** One WhatsApp user: a contact that can be called, a phone that links companions, or both. */
export class Account {
  readonly devices = new Map<number, CalleeDevice | CompanionDevice>();
  ack: OfferAck = 'ok';
  name: string | undefined;
  asksForPasskey: boolean | 'early' = false;
  /** Epoch seconds until which the account may not reach out to new contacts. */
  reachoutLockedUntil: number | undefined;
  /** The lock lets calls through to those whose token the account shows. */
  reachoutLockSparesContacts = true;
  /** Epoch milliseconds until which every offer of the account is refused with 429. */
  callsLimitedUntil: number | undefined;
  /** Takes calls only from those who show the token that this user issued to them. */
  refusesStrangers = false;
  /** Trusted-contact tokens that this user issued, by the number of who got them; the newest counts. */
  readonly trustTokens = new Map<string, Buffer>();
  /** Those tokens that a newer one replaced: whoever still shows one was not told. */
  readonly replacedTokens: Buffer[] = [];
  /** What this account's companions issued to others. */
  readonly issuedTokens: IssuedToken[] = [];
  /** Devices that are gone; whoever still calls them has an old list. */
  readonly formerDevices = new Set<number>();
  private identityKey: KeyPair | undefined;
  private nextDeviceId = 1;

  constructor(
    readonly number: string,
    /** LID user part; `null`: usync knows none. */
    readonly lid: string | null,
  ) {}

  /** True while the account may reach out only to those who know it. */
  get isReachoutLocked(): boolean {
    return this.reachoutLockedUntil !== undefined && this.reachoutLockedUntil * 1000 > Date.now();
  }

  get jid(): string {
    return phoneJid(this.number);
  }

  /** The phone's identity key, which signs the companions that it links. */
  get identity(): KeyPair {
    this.identityKey ??= Curve.generateKeyPair();
    return this.identityKey;
  }

  get companions(): CompanionDevice[] {
    return [...this.devices.values()].filter((device) => device.kind === 'companion');
  }

  /** Replaces the scripted devices; linked companions stay. */
  script(options: ContactOptions): void {
    for (const device of this.devices.values()) {
      if (device.kind === 'scripted') this.devices.delete(device.id);
    }
    for (const id of options.devices ?? [0]) {
      this.devices.set(
        id,
        new CalleeDevice(id, behaviourOf(id, options), bundleStateOf(id, options), {
          decrypts: options.decrypts ?? true,
          isListed: !options.hiddenDevices?.includes(id),
        }),
      );
    }
    this.ack = options.ack ?? 'ok';
    this.refusesStrangers = options.refusesStrangers ?? false;
  }

  /** Other scripted devices; those that stay keep their keys, new ones ring. */
  changeDevices(ids: readonly number[]): void {
    for (const { id, kind } of [...this.devices.values()]) {
      if (kind !== 'scripted' || ids.includes(id)) continue;
      this.devices.delete(id);
      this.formerDevices.add(id);
    }
    for (const id of ids) {
      this.formerDevices.delete(id);
      if (!this.devices.has(id)) this.devices.set(id, new CalleeDevice(id, DEFAULT_BEHAVIOUR, 'good'));
    }
  }

  /** Devices that the server rings, whatever the caller knows of them; a hosted one takes no calls. */
  get callable(): (CalleeDevice | CompanionDevice)[] {
    return [...this.devices.values()].filter(({ id }) => id !== HOSTED_DEVICE);
  }

  link(keys: CompanionKeys, isPrepared: boolean, deviceId = this.freeDeviceId()): CompanionDevice {
    const device = new CompanionDevice(deviceId, keys, isPrepared);
    this.devices.set(deviceId, device);
    return device;
  }

  /** Device ids of companions count up and are not used again. */
  freeDeviceId(): number {
    while (this.devices.has(this.nextDeviceId)) this.nextDeviceId++;
    return this.nextDeviceId++;
  }

  /** LID JID of a device. Accounts without a LID are never asked for one: they can neither call nor be called. */
  deviceLid(deviceId: number): string {
    return lidJid(this.lid ?? '', deviceId);
  }
}

function behaviourOf(id: number, { behaviour }: ContactOptions): CalleeBehaviour {
  if (behaviour === undefined) return DEFAULT_BEHAVIOUR;
  return isBehaviour(behaviour) ? behaviour : (behaviour[id] ?? DEFAULT_BEHAVIOUR);
}

function isBehaviour(value: NonNullable<ContactOptions['behaviour']>): value is CalleeBehaviour {
  return 'kind' in value;
}

function bundleStateOf(id: number, options: ContactOptions): BundleState {
  if (options.brokenBundles?.includes(id)) return 'broken';
  if (options.silentBundles?.includes(id)) return 'silent';
  return options.badSignatureBundles?.includes(id) ? 'bad-signature' : 'good';
}
