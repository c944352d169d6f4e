/** Which process holds an instance. */
export type Holder =
  /** This one, under this epoch. */
  | { readonly kind: 'here'; readonly epoch: string }
  /** Another one that is alive. */
  | { readonly kind: 'node'; readonly nodeId: string }
  | { readonly kind: 'nobody' };

/**
 * Which instances this process holds. One process at a time holds an instance: it alone opens its socket and writes its
 * credentials, keys and calls, and each of those writes is refused by the database once another process has taken over.
 */
export abstract class Ownership {
  /** Changes when the process was taken for dead and began anew. */
  abstract readonly nodeId: string;

  /** Epoch under which this process holds the instance, a bigint in decimal; `undefined` = it does not. No statement. */
  abstract epochOf(instanceId: string): string | undefined;

  /** Who holds it now: memory when it is here, else one statement. A dead node's instance belongs to nobody. */
  abstract holderOf(instanceId: string): Promise<Holder>;

  /** Takes an instance that nobody alive holds, for a command that needs a session; tells who holds it afterwards. */
  abstract acquire(instanceId: string): Promise<Holder>;

  /** Reads the owner row: false when the instance is not, or no longer, held here; then it is let go of. */
  abstract confirm(instanceId: string): Promise<boolean>;

  /** The database refused a write under this epoch: somebody else has taken over, and the instance is let go of here. */
  abstract refused(instanceId: string, epoch: string): void;

  /** False once the last good heartbeat is 3.5 s old and others may soon take over; always true without a cluster. */
  abstract get maySend(): boolean;
}
