import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from './account.js';
import { CodeLink } from './code-link.js';
import { isSignedByCompanion, sealForCompanion, signDeviceIdentity } from './device-identity.js';
import { lidJid, phoneJid, USER_SERVER } from './jids.js';
import { bytesOf, childOf } from './nodes.js';
import type { PairingDesk } from './pairing-desk.js';
import { passkeyRequest } from './passkey-request.js';
import type { Registration } from './registration.js';
import type { LinkedDevice } from './types.js';

const QR_PREFIX = 'https://wa.me/settings/linked_devices#';
const SIGN_TIMEOUT_MS = 10_000;
const FINISH_TIMEOUT_MS = 10_000;
const RESTART_REQUIRED = '515';

/** A phone with a WhatsApp account, held by somebody who links companions with it. */
export class Phone {
  constructor(
    private readonly account: Account,
    private readonly desk: PairingDesk,
  ) {}

  get number(): string {
    return this.account.number;
  }

  /**
   * Points the camera at a QR code. `text` is what the code says: an address with `#ref,noise,identity,adv,platform`.
   * Resolves when the companion has signed and was told to restart. Rejects when the text is no linking code, when its ref is
   * unknown, expired or used, when the companion's answer does not verify, and when the account needs a passkey, for which
   * the companion is then asked.
   */
  async scanQr(text: string): Promise<LinkedDevice> {
    const fields = text.startsWith(QR_PREFIX) ? text.slice(QR_PREFIX.length).split(',') : [];
    const [ref, noiseKey, identityKey, advSecret, platform] = fields;
    if (!ref || !noiseKey || !identityKey || !advSecret || !platform)
      throw new Error('this is not a linking QR code');
    const registration = this.desk.takeRef(ref);
    if (!registration) throw new Error('the QR code is unknown, expired or already used');
    const { keys } = registration;
    const isSameClient =
      keys.noisePublicKey.equals(Buffer.from(noiseKey, 'base64')) &&
      keys.identityPublicKey.equals(Buffer.from(identityKey, 'base64'));
    if (!isSameClient) throw new Error('the keys in the QR code are not those of the client that shows it');
    return this.link(registration, Buffer.from(advSecret, 'base64'));
  }

  /**
   * Types the code that the companion shows. Rejects when no companion waits for a code of this number, and when the code is
   * wrong; after a wrong one the right one may be typed.
   */
  async enterPairingCode(code: string): Promise<LinkedDevice> {
    const registration = this.desk.waitingForCode(this.account.number);
    if (!registration?.codeOffer) throw new Error('no companion waits to be linked to this number by code');
    const { codeOffer, connection } = registration;
    const link = await CodeLink.open(this.account, codeOffer, code);
    const notification = await link.notification();
    if (this.account.asksForPasskey === 'early') {
      connection.send(link.forerunner());
      return this.refuse(registration);
    }
    const advSecret = await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('the companion did not finish linking')),
        FINISH_TIMEOUT_MS,
      );
      codeOffer.onFinish = (keyBundle, identity) => {
        clearTimeout(timer);
        codeOffer.onFinish = undefined;
        try {
          if (!identity.equals(registration.keys.identityPublicKey)) throw new Error('foreign identity key');
          resolve(link.advSecret(keyBundle, identity));
        } catch (cause) {
          reject(new Error('the code is wrong', { cause }));
        }
      };
      connection.send(notification);
    });
    registration.isTaken = true;
    return this.link(registration, advSecret);
  }

  private async link(registration: Registration, advSecret: Buffer): Promise<LinkedDevice> {
    const { account } = this;
    const { connection, keys } = registration;
    if (account.asksForPasskey) return this.refuse(registration);
    if (account.lid === null) throw new Error('an account without a LID cannot link devices');
    const deviceId = account.freeDeviceId();
    const identity = signDeviceIdentity(account, keys.identityPublicKey, deviceId);
    const linked = { jid: phoneJid(account.number, deviceId), lid: lidJid(account.lid, deviceId) };
    const answer = await connection.request(
      pairSuccess(linked, sealForCompanion(identity, advSecret), account.name),
      SIGN_TIMEOUT_MS,
    );
    const sign = answer && childOf(answer, 'pair-device-sign');
    const signed = sign && childOf(sign, 'device-identity');
    const content = bytesOf(signed);
    if (!content || signed?.attrs['key-index'] !== String(deviceId)) {
      throw new Error('the companion did not sign its identity');
    }
    if (!isSignedByCompanion(content, identity, keys.identityPublicKey)) {
      throw new Error("the companion's signature is wrong");
    }
    const accountSignatureKey = Buffer.from(account.identity.public);
    account.link({ ...keys, accountSignatureKey }, false, deviceId);
    connection.sendLast({ tag: 'stream:error', attrs: { code: RESTART_REQUIRED } });
    return linked;
  }

  private refuse(registration: Registration): never {
    registration.isTaken = true;
    registration.connection.send(passkeyRequest());
    throw new Error('WhatsApp asks for the passkey of this account');
  }
}

function pairSuccess(linked: LinkedDevice, sealedIdentity: Buffer, name: string | undefined): BinaryNode {
  const content: BinaryNode[] = [
    { tag: 'device-identity', attrs: {}, content: sealedIdentity },
    { tag: 'platform', attrs: { name: 'android' } },
    { tag: 'device', attrs: { jid: linked.jid, lid: linked.lid } },
  ];
  if (name !== undefined) content.push({ tag: 'biz', attrs: { name } });
  return {
    tag: 'iq',
    attrs: { from: USER_SERVER, type: 'set', xmlns: 'md' },
    content: [{ tag: 'pair-success', attrs: {}, content }],
  };
}
