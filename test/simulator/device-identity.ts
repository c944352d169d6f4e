import { createHmac, randomInt } from 'node:crypto';
import {
  proto,
  WA_ADV_ACCOUNT_SIG_PREFIX,
  WA_ADV_DEVICE_SIG_PREFIX,
  type KeyPair,
} from '@whiskeysockets/baileys';
import type { Account, LinkedCompanion } from './account.js';
import type { CompanionDevice } from './companion-device.js';
import { isValidSignature, sign } from './signatures.js';

/** The part of a linked device's identity that the phone signs. */
export function signDeviceIdentity(
  account: Account,
  companionIdentity: Uint8Array,
  keyIndex: number,
): proto.IADVSignedDeviceIdentity {
  const details = proto.ADVDeviceIdentity.encode({
    rawId: randomInt(2 ** 31),
    timestamp: Math.floor(Date.now() / 1000),
    keyIndex,
    accountType: proto.ADVEncryptionType.E2EE,
    deviceType: proto.ADVEncryptionType.E2EE,
  }).finish();
  const signed = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, companionIdentity]);
  return {
    details,
    accountSignatureKey: account.identity.public,
    accountSignature: sign(account.identity.private, signed),
  };
}

/** Content of `<device-identity>` in pair-success: the signed identity under a MAC that only the companion can check. */
export function sealForCompanion(identity: proto.IADVSignedDeviceIdentity, advSecret: Uint8Array): Buffer {
  const details = proto.ADVSignedDeviceIdentity.encode(identity).finish();
  const hmac = createHmac('sha256', advSecret).update(details).digest();
  return Buffer.from(proto.ADVSignedDeviceIdentityHMAC.encode({ details, hmac }).finish());
}

/** Checks the companion's own signature in pair-device-sign. The signature key is left out there. */
export function isSignedByCompanion(
  answer: Uint8Array,
  sent: proto.IADVSignedDeviceIdentity,
  companionIdentity: Uint8Array,
): boolean {
  const { details, accountSignatureKey, deviceSignature } = proto.ADVSignedDeviceIdentity.decode(answer);
  if (!details || !deviceSignature || !sent.details || !sent.accountSignatureKey) return false;
  if (accountSignatureKey && accountSignatureKey.length > 0) return false;
  if (!Buffer.from(details).equals(sent.details)) return false;
  const signed = Buffer.concat([
    WA_ADV_DEVICE_SIG_PREFIX,
    details,
    companionIdentity,
    sent.accountSignatureKey,
  ]);
  return isValidSignature(companionIdentity, signed, deviceSignature);
}

/** What is wrong with the `<device-identity>` of an offer; `undefined`: it is the sender's own, with every signature right. */
export function deviceIdentityFault(content: Buffer, { device }: LinkedCompanion): string | undefined {
  const fingerprint = content.toString('base64');
  if (device.verifiedIdentity === fingerprint) return undefined;
  const fault = checkDeviceIdentity(content, device);
  if (fault === undefined) device.verifiedIdentity = fingerprint;
  return fault;
}

function checkDeviceIdentity(content: Buffer, { keys }: CompanionDevice): string | undefined {
  let identity: proto.ADVSignedDeviceIdentity;
  try {
    identity = proto.ADVSignedDeviceIdentity.decode(content);
  } catch {
    return 'device-identity is not an ADVSignedDeviceIdentity';
  }
  const { details, accountSignatureKey, accountSignature, deviceSignature } = identity;
  if (!accountSignatureKey?.length) return 'device-identity lacks the account signature key';
  if (!details || !accountSignature || !deviceSignature)
    return 'device-identity lacks details or a signature';
  if (!keys.accountSignatureKey.equals(accountSignatureKey))
    return 'device-identity belongs to another account';
  const byAccount = Buffer.concat([WA_ADV_ACCOUNT_SIG_PREFIX, details, keys.identityPublicKey]);
  if (!isValidSignature(accountSignatureKey, byAccount, accountSignature)) {
    return 'device-identity has a wrong account signature';
  }
  const byDevice = Buffer.concat([
    WA_ADV_DEVICE_SIG_PREFIX,
    details,
    keys.identityPublicKey,
    accountSignatureKey,
  ]);
  return isValidSignature(keys.identityPublicKey, byDevice, deviceSignature)
    ? undefined
    : 'device-identity has a wrong device signature';
}

/** Both signatures in one go, for credentials that were never paired over the wire. */
export function signBothWays(
  account: Account,
  companionIdentity: KeyPair,
  keyIndex: number,
): proto.IADVSignedDeviceIdentity {
  const identity = signDeviceIdentity(account, companionIdentity.public, keyIndex);
  const { details, accountSignatureKey } = identity;
  if (!details || !accountSignatureKey) throw new Error('the identity is not signed by the account');
  const signed = Buffer.concat([
    WA_ADV_DEVICE_SIG_PREFIX,
    details,
    companionIdentity.public,
    accountSignatureKey,
  ]);
  return { ...identity, deviceSignature: sign(companionIdentity.private, signed) };
}
