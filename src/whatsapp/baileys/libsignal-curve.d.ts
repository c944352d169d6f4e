declare module 'libsignal/src/curve.js' {
  /** XEdDSA check; `false` for a wrong signature, throws for malformed input. */
  export function verifySignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}
