import { randomBytes } from 'node:crypto';
import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import { USER_SERVER } from './jids.js';
import type { KeyBundle } from './key-bundle.js';
import { isValidSignature } from './signatures.js';

const REF_COUNT = 6;
const SIGNAL_KEY_TYPE = 5;

/** What an unpaired client says about itself when it connects. */
export interface RegistrationKeys {
  readonly noisePublicKey: Buffer;
  readonly identityPublicKey: Buffer;
  readonly registrationId: number;
  readonly signedPreKey: KeyBundle['signedPreKey'];
}

/** The companion's half of linking by code, waiting for the phone's owner to type the code. */
export interface CodeOffer {
  readonly number: string;
  readonly ref: Buffer;
  /** Salt (32), IV (16) and the companion's ephemeral key under the code (32). */
  readonly wrappedCompanionEphemeral: Buffer;
  /** Takes the encrypted key bundle of companion_finish. */
  onFinish: ((keyBundle: Buffer, companionIdentity: Buffer) => void) | undefined;
}

/** One unpaired connection: the refs that its QR codes carry, or its offer to link by code. */
export class Registration {
  readonly refs = Array.from({ length: REF_COUNT }, () => `2@${randomBytes(48).toString('base64url')}`);
  /** Set once a phone took it; a ref is good for one scan. */
  isTaken = false;
  codeOffer: CodeOffer | undefined;

  constructor(
    readonly connection: Connection,
    readonly keys: RegistrationKeys,
  ) {}

  /** The only stanza that a registration connection gets by itself. */
  pairDeviceNode(): BinaryNode {
    return {
      tag: 'iq',
      attrs: { from: USER_SERVER, type: 'set', xmlns: 'md' },
      content: [
        {
          tag: 'pair-device',
          attrs: {},
          content: this.refs.map((ref) => ({ tag: 'ref', attrs: {}, content: Buffer.from(ref, 'utf8') })),
        },
      ],
    };
  }
}

/** Throws when the registration data is incomplete or its signed pre-key is not signed by its identity key. */
export function readRegistrationKeys(
  data: proto.ClientPayload.IDevicePairingRegistrationData,
  noisePublicKey: Buffer,
): RegistrationKeys {
  const { eRegid, eIdent, eKeytype, eSkeyId, eSkeyVal, eSkeySig } = data;
  if (!eRegid || !eIdent || !eSkeyId || !eSkeyVal || !eSkeySig)
    throw new Error('registration data is incomplete');
  if (eKeytype?.length !== 1 || eKeytype[0] !== SIGNAL_KEY_TYPE)
    throw new Error('registration key type is not 05');
  const signed = Buffer.concat([Buffer.from([SIGNAL_KEY_TYPE]), eSkeyVal]);
  if (!isValidSignature(eIdent, signed, eSkeySig)) throw new Error('registration pre-key signature is wrong');
  return {
    noisePublicKey,
    identityPublicKey: Buffer.from(eIdent),
    registrationId: Buffer.from(eRegid).readUIntBE(0, eRegid.length),
    signedPreKey: {
      id: Buffer.from(eSkeyId).readUIntBE(0, eSkeyId.length),
      value: eSkeyVal,
      signature: eSkeySig,
    },
  };
}
