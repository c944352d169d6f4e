import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { CompanionDevice } from './companion-device.js';
import type { Directory } from './directory.js';
import { bundleNode, missingBundleNode, type KeyBundle, type PublicKeyEntry } from './key-bundle.js';
import { bytesOf, childOf, childrenOf, iqResult, uintOf } from './nodes.js';
import { isValidSignature } from './signatures.js';

const DIGEST_BYTES = 20;
const KEY_BYTES = 32;
const SIGNAL_KEY_TYPE = Buffer.from([5]);

/** Stores a pre-key upload. A text tells what is wrong with it. */
export function storePreKeys(iq: BinaryNode, device: CompanionDevice): BinaryNode | string {
  const registrationId = uintOf(childOf(iq, 'registration'));
  const identity = bytesOf(childOf(iq, 'identity'));
  const list = childOf(iq, 'list');
  if (registrationId === undefined || !list) return 'pre-key upload lacks registration or list';
  if (!bytesOf(childOf(iq, 'type'))?.equals(SIGNAL_KEY_TYPE)) return 'pre-key upload is not of key type 05';
  if (!identity?.equals(device.keys.identityPublicKey))
    return 'pre-key upload carries a foreign identity key';
  const signedPreKey = readSignedPreKey(childOf(iq, 'skey'), device);
  if (typeof signedPreKey === 'string') return signedPreKey;
  const keys = childrenOf(list).map(readKey);
  for (const key of keys) {
    if (!key) return 'pre-key upload has a malformed key';
    if (!device.addPreKey(key)) return `pre-key ${key.id} was uploaded twice`;
  }
  device.registrationId = registrationId;
  device.signedPreKey = signedPreKey;
  return iqResult(iq);
}

export function rotateSignedPreKey(
  iq: BinaryNode,
  rotate: BinaryNode,
  device: CompanionDevice,
): BinaryNode | string {
  const signedPreKey = readSignedPreKey(childOf(rotate, 'skey'), device);
  if (typeof signedPreKey === 'string') return signedPreKey;
  device.signedPreKey = signedPreKey;
  return iqResult(iq);
}

/** Hands out one bundle per device asked for. */
export async function answerKeys(iq: BinaryNode, key: BinaryNode, directory: Directory): Promise<BinaryNode> {
  const users: BinaryNode[] = [];
  for (const { attrs } of childrenOf(key)) {
    const jid = attrs.jid ?? '';
    const device = directory.findDevice(jid)?.device;
    if (device?.kind === 'scripted' && device.bundleState === 'silent') continue;
    const isMissing = !device || (device.kind === 'scripted' && device.bundleState === 'broken');
    users.push(isMissing ? missingBundleNode(jid) : bundleNode(jid, await device.takeBundle()));
  }
  return iqResult(iq, [{ tag: 'list', attrs: {}, content: users }]);
}

export function answerCount(iq: BinaryNode, device: CompanionDevice): BinaryNode {
  return iqResult(iq, [{ tag: 'count', attrs: { value: String(device.preKeyCount) } }]);
}

/** Baileys looks for the presence of the digest only; it never compares it. */
export function answerDigest(iq: BinaryNode): BinaryNode {
  return iqResult(iq, [
    {
      tag: 'digest',
      attrs: {},
      content: [{ tag: 'hash', attrs: {}, content: randomBytes(DIGEST_BYTES) }],
    },
  ]);
}

function readSignedPreKey(
  node: BinaryNode | undefined,
  { keys }: CompanionDevice,
): KeyBundle['signedPreKey'] | string {
  const key = node && readKey(node);
  const signature = bytesOf(node && childOf(node, 'signature'));
  if (!key || !signature) return 'the signed pre-key is malformed';
  const signed = Buffer.concat([SIGNAL_KEY_TYPE, key.value]);
  return isValidSignature(keys.identityPublicKey, signed, signature)
    ? { ...key, signature }
    : 'the signed pre-key is not signed by the identity key';
}

function readKey(node: BinaryNode): PublicKeyEntry | undefined {
  const id = uintOf(childOf(node, 'id'));
  const value = bytesOf(childOf(node, 'value'));
  return id === undefined || value?.length !== KEY_BYTES ? undefined : { id, value };
}
