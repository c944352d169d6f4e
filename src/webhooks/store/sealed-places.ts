/** Place of a sealed webhook authorization. */
export function webhookAuthorizationContext(instanceId: string, label: string): string[] {
  return ['instance', instanceId, 'webhook-authorization', label];
}

/** Place of a sealed webhook secret, the former one included. */
export function webhookSecretContext(instanceId: string, label: string): string[] {
  return ['instance', instanceId, 'webhook-secret', label];
}

/** Place of the sealed address of a webhook. */
export function webhookUrlContext(instanceId: string, label: string): string[] {
  return ['instance', instanceId, 'webhook-url', label];
}

/** Place of the sealed headers of a webhook. */
export function webhookHeadersContext(instanceId: string, label: string): string[] {
  return ['instance', instanceId, 'webhook-headers', label];
}
