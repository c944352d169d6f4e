/** Enough of an instance to tell others about it. */
export interface InstanceIdentity {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
}
