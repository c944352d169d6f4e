import { randomBytes } from 'node:crypto';
import {
  createSignalIdentity,
  Curve,
  generateRegistrationId,
  proto,
  type AuthenticationCreds,
} from '@whiskeysockets/baileys';
import type { Account } from './account.js';
import type { CompanionKeys } from './companion-device.js';
import { signBothWays } from './device-identity.js';
import { makeSignedPreKey } from './signed-pre-key.js';
import { lidJid, parseJid, phoneJid } from './jids.js';

/** What Baileys makes on its first start, without its slow signature. */
function freshCredentials(): AuthenticationCreds {
  const signedIdentityKey = Curve.generateKeyPair();
  return {
    noiseKey: Curve.generateKeyPair(),
    pairingEphemeralKeyPair: Curve.generateKeyPair(),
    signedIdentityKey,
    signedPreKey: makeSignedPreKey(signedIdentityKey),
    registrationId: generateRegistrationId(),
    advSecretKey: randomBytes(32).toString('base64'),
    processedHistoryMessages: [],
    nextPreKeyId: 1,
    firstUnuploadedPreKeyId: 1,
    accountSyncCounter: 0,
    accountSettings: { unarchiveChats: false },
    registered: false,
    pairingCode: undefined,
    lastPropHash: undefined,
    routingInfo: undefined,
    additionalData: undefined,
  };
}

/** Credentials of a companion of `account` as they are after pairing and the first synchronisation. */
export function prepareCredentials(account: Account, deviceId: number): AuthenticationCreds {
  if (account.lid === null) throw new Error('an account without a LID cannot link devices');
  const creds = freshCredentials();
  const identity = signBothWays(account, creds.signedIdentityKey, deviceId);
  const lid = lidJid(account.lid, deviceId);
  creds.me = {
    id: phoneJid(account.number, deviceId),
    lid,
    ...(account.name === undefined ? {} : { name: account.name }),
  };
  creds.account = proto.ADVSignedDeviceIdentity.fromObject(identity);
  creds.signalIdentities = [createSignalIdentity(lid, account.identity.public)];
  creds.platform = 'android';
  creds.accountSyncCounter = 1; // keeps Baileys from waiting 20 s for a history that never comes
  return creds;
}

export interface CredentialOwner {
  readonly number: string;
  readonly lid: string;
  readonly deviceId: number;
}

/** Whose credentials these are. Throws when they are not of a paired companion. */
export function ownerOf({ me }: AuthenticationCreds): CredentialOwner {
  const phone = parseJid(me?.id);
  const lid = parseJid(me?.lid);
  if (!phone || !lid || phone.device === 0)
    throw new Error('the credentials are not those of a paired companion');
  return { number: phone.user, lid: lid.user, deviceId: phone.device };
}

/** The public half of the credentials: what the server knows of the companion. */
export function companionKeysOf(creds: AuthenticationCreds): CompanionKeys {
  const accountSignatureKey = creds.account?.accountSignatureKey;
  if (!accountSignatureKey) throw new Error('the credentials carry no account signature key');
  const { keyPair, keyId, signature } = creds.signedPreKey;
  return {
    noisePublicKey: Buffer.from(creds.noiseKey.public),
    identityPublicKey: Buffer.from(creds.signedIdentityKey.public),
    registrationId: creds.registrationId,
    signedPreKey: { id: keyId, value: keyPair.public, signature },
    accountSignatureKey: Buffer.from(accountSignatureKey),
  };
}
