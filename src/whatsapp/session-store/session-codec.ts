import { BufferJSON, proto, type AuthenticationCreds, type SignalDataTypeMap } from '@whiskeysockets/baileys';

/** Credentials and keys as JSON, byte strings as base64. */
export function encodeValue(value: unknown): string {
  return JSON.stringify(value, BufferJSON.replacer);
}

/** @throws Error when the text is not a set of credentials */
export function decodeCredentials(text: string): AuthenticationCreds {
  const value: unknown = JSON.parse(text, BufferJSON.reviver);
  if (!isCredentials(value)) throw new Error('The stored value is not a set of credentials');
  return value;
}

export function decodeKey<T extends keyof SignalDataTypeMap>(type: T, text: string): SignalDataTypeMap[T];
export function decodeKey(type: keyof SignalDataTypeMap, text: string): unknown {
  // Signal sessions, which every call reads, hold no byte strings; looking at each of their values takes ten times as long.
  const value: unknown = text.includes('"Buffer"') ? JSON.parse(text, BufferJSON.reviver) : JSON.parse(text);
  // The library calls protobuf methods on these keys, so a plain object is not enough.
  return type === 'app-state-sync-key' && typeof value === 'object' && value !== null
    ? proto.Message.AppStateSyncKeyData.fromObject(value)
    : value;
}

const NEEDED = ['noiseKey', 'signedIdentityKey', 'signedPreKey', 'registrationId', 'advSecretKey'] as const;

function isCredentials(value: unknown): value is AuthenticationCreds {
  return typeof value === 'object' && value !== null && NEEDED.every((name) => name in value);
}
