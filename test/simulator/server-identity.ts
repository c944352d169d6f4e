import { Curve } from '@whiskeysockets/baileys';
import { makeCertificateChain } from './certificates.js';
import type { ServerIdentity } from './connection.js';

/** One server key per process: making and signing its certificates is most of the time that a start would take. */
export function serverIdentity(): ServerIdentity {
  if (!sharedIdentity) {
    const keyPair = Curve.generateKeyPair();
    sharedIdentity = { keyPair, certificateChain: makeCertificateChain(keyPair.public) };
  }
  return sharedIdentity;
}
let sharedIdentity: ServerIdentity | undefined;
