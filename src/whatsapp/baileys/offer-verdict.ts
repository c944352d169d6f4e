import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Clock } from '../../common/time/clock.js';
import type { BaileysConnection } from './baileys-connection.js';
import { readOfferAck, type OfferVerdict } from './call-stanzas.js';

/** Whose ack is waited for, and how long. */
interface Expectation {
  readonly ackClass: 'call' | 'message';
  readonly timeoutMs: number;
}

/** No figure is published; independent clients wait 10 to 15 s. */
const ACK_TIMEOUT_MS = 15_000;

/** `silence`: no answer in time, or the connection ended meanwhile. */
export type OfferAnswer = OfferVerdict | 'silence';

export interface PendingVerdict {
  readonly answer: Promise<OfferAnswer>;
  /** A device of the callee answered before the server did: the offer was accepted. */
  confirm(): void;
}

/**
 * Listens for the server's ack of a stanza, by default of an offer. Install it before the stanza leaves: the ack can
 * be very fast.
 */
export function awaitVerdict(
  connection: BaileysConnection,
  stanzaId: string,
  clock: Clock,
  { ackClass, timeoutMs }: Expectation = { ackClass: 'call', timeoutMs: ACK_TIMEOUT_MS },
): PendingVerdict {
  const { ws } = connection.socket;
  const ackOfStanza = `CB:ack,id:${stanzaId}`;
  let settle: (answer: OfferAnswer) => void = () => undefined;
  const answer = new Promise<OfferAnswer>((resolve) => {
    settle = resolve;
  });
  const onAck = (ack: BinaryNode): void => {
    if (ack.attrs.class === ackClass) settle(readOfferAck(ack));
  };
  const stop = connection.onceFinished(() => settle('silence'));
  const timer = clock.schedule(timeoutMs, () => settle('silence'));
  ws.on(ackOfStanza, onAck);
  void answer.then(() => {
    ws.off(ackOfStanza, onAck);
    timer.cancel();
    stop();
  });
  return { answer, confirm: () => settle({ accepted: true }) };
}
