const INSTANCE_NAME = /^[A-Za-z0-9_-]{1,100}$/;

/** Names are case-sensitive and unique in their account. No instance has any other name, so none need be looked up. */
export function isInstanceName(text: string): boolean {
  return INSTANCE_NAME.test(text);
}
