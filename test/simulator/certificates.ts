import { Curve, proto, WA_CERT_DETAILS, type KeyPair } from '@whiskeysockets/baileys';
import { sign } from './signatures.js';

const { Details } = proto.CertChain.NoiseCertificate;
const DAY_SECONDS = 86_400;

/**
 * The one root key pair of the whole test suite. A client under test is made to trust it by setting
 * `WA_CERT_DETAILS.PUBLIC_KEY` of Baileys, which is process-wide; hence a constant.
 */
export const TEST_ROOT = {
  private: Buffer.from('a0ccbd0336120703996aaaf7a5d3e94d88e1a71105073646e9fd7508590aa556', 'hex'),
  public: Buffer.from('0c969fd52722828afdd9105a14266480ee54c94d2698527cff3a435d44e49f4d', 'hex'),
} as const;

/** Chain for a server key: leaf signed by a fresh intermediate, intermediate signed by the root. */
export function makeCertificateChain(serverPublicKey: Uint8Array): Buffer {
  const intermediate = Curve.generateKeyPair();
  const intermediateDetails = encodeDetails(1, WA_CERT_DETAILS.SERIAL, intermediate);
  const leafDetails = encodeDetails(2, 1, { public: serverPublicKey });
  return Buffer.from(
    proto.CertChain.encode({
      leaf: { details: leafDetails, signature: sign(intermediate.private, leafDetails) },
      intermediate: {
        details: intermediateDetails,
        signature: sign(TEST_ROOT.private, intermediateDetails),
      },
    }).finish(),
  );
}

function encodeDetails(serial: number, issuerSerial: number, holder: Pick<KeyPair, 'public'>): Uint8Array {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return Details.encode({
    serial,
    issuerSerial,
    key: holder.public,
    notBefore: nowSeconds - DAY_SECONDS,
    notAfter: nowSeconds + 365 * DAY_SECONDS,
  }).finish();
}
