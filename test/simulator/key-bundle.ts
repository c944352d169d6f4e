import { encodeBigEndian, type BinaryNode } from '@whiskeysockets/baileys';

const SIGNAL_KEY_TYPE = Buffer.from([5]);
const KEY_ID_BYTES = 3;

export interface PublicKeyEntry {
  readonly id: number;
  readonly value: Uint8Array;
}

/** What the server hands out so that somebody can open a Signal session with a device. */
export interface KeyBundle {
  readonly registrationId: number;
  readonly identity: Uint8Array;
  readonly signedPreKey: PublicKeyEntry & { readonly signature: Uint8Array };
  /** Absent when the one-time keys have run out. */
  readonly preKey?: PublicKeyEntry;
}

/** The `<user>` of a key answer. */
export function bundleNode(jid: string, bundle: KeyBundle): BinaryNode {
  const { signedPreKey, preKey } = bundle;
  const content: BinaryNode[] = [
    { tag: 'registration', attrs: {}, content: encodeBigEndian(bundle.registrationId) },
    { tag: 'type', attrs: {}, content: SIGNAL_KEY_TYPE },
    { tag: 'identity', attrs: {}, content: bundle.identity },
    {
      tag: 'skey',
      attrs: {},
      content: [...keyNodes(signedPreKey), { tag: 'signature', attrs: {}, content: signedPreKey.signature }],
    },
  ];
  if (preKey) content.push({ tag: 'key', attrs: {}, content: keyNodes(preKey) });
  return { tag: 'user', attrs: { jid }, content };
}

/** The `<user>` of a key answer for a device whose keys the server cannot give. */
export function missingBundleNode(jid: string): BinaryNode {
  return {
    tag: 'user',
    attrs: { jid },
    content: [{ tag: 'error', attrs: { code: '404', text: 'item-not-found' } }],
  };
}

function keyNodes(key: PublicKeyEntry): BinaryNode[] {
  return [
    { tag: 'id', attrs: {}, content: encodeBigEndian(key.id, KEY_ID_BYTES) },
    { tag: 'value', attrs: {}, content: key.value },
  ];
}
