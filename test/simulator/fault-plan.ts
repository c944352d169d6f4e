import type { BinaryNode } from '@whiskeysockets/baileys';
import type { LinkingRefusal, LoginRefusal, OfferAck } from './types.js';

/** What the tests asked the server to do wrong. */
export class FaultPlan {
  /** Delay of every answer (IQ results and acks), milliseconds. */
  delayAnswersMs = 0;
  /** What companions hear that want to be linked. */
  linkingRefusal: LinkingRefusal | undefined;
  private readonly ignored = new Set<(iq: BinaryNode) => boolean>();
  private readonly offerAcks: OfferAck[] = [];
  private readonly refusals = new Map<string | undefined, LoginRefusal>();

  /** IQs that match get no answer. Returns the function that ends it. */
  ignoreIq(predicate: (iq: BinaryNode) => boolean): () => void {
    this.ignored.add(predicate);
    return () => void this.ignored.delete(predicate);
  }

  ignores(iq: BinaryNode): boolean {
    return [...this.ignored].some((predicate) => predicate(iq));
  }

  scriptNextOfferAck(ack: OfferAck): void {
    this.offerAcks.push(ack);
  }

  takeOfferAck(): OfferAck | undefined {
    return this.offerAcks.shift();
  }

  /** `number` undefined: every account. `refusal` undefined: accept again. */
  refuseLogins(number: string | undefined, refusal: LoginRefusal | undefined): void {
    if (refusal === undefined) this.refusals.delete(number);
    else this.refusals.set(number, refusal);
  }

  refusalFor(number: string): LoginRefusal | undefined {
    return this.refusals.get(number) ?? this.refusals.get(undefined);
  }
}
