/** Place of sealed credentials; a value that is copied to another instance does not open. */
export function credentialsContext(instanceId: string): string[] {
  return ['credentials', instanceId];
}

/** Place of one sealed Signal key. */
export function sessionKeyContext(instanceId: string, type: string, keyId: string): string[] {
  return [instanceId, type, keyId];
}
