/** The way from this process to the others. It keeps nothing: what cannot be delivered now is lost. */
export abstract class NodeLink {
  /** False: other processes cannot be reached, or cannot reach this one. */
  abstract readonly isUp: boolean;

  /** Begins; returns at once, and `isUp` tells when it works. @param nodeId under which others ask this process */
  abstract open(nodeId: string): void;

  /** From now on others ask this process under another id. */
  abstract serveAs(nodeId: string): void;

  /** Takes no question any more, and resolves when those that came are answered, in 3 s at most. */
  abstract stopAnswering(): Promise<void>;

  /** Ends everything; may be called twice. */
  abstract close(): Promise<void>;

  /**
   * Asks one node and waits for its answer.
   * @throws OwnerUnavailable at once when nobody can be reached, in seconds when the node dies meanwhile
   */
  abstract ask(nodeId: string, message: unknown, timeoutMs: number): Promise<unknown>;

  /** Tells all other nodes something, in the order of the calls, and does not wait. */
  abstract tell(message: unknown): void;

  /** Who answers questions to this node; `answer` must not reject. */
  abstract onAsked(answer: (message: unknown) => Promise<unknown>): void;

  /** Who hears what other nodes tell, one message after another. */
  abstract onTold(hear: (message: unknown) => Promise<void>): void;
}
