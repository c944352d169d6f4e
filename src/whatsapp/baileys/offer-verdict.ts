import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Clock } from '../../common/time/clock.js';
import type { ConnectionEnd } from '../whatsapp.errors.js';
import type { BaileysConnection } from './baileys-connection.js';
import { readOfferAck, type OfferVerdict } from './call-stanzas.js';

/** Whose ack is waited for, and how long. */
interface Expectation {
  readonly ackClass: 'call' | 'message';
  readonly timeoutMs: number;
  /** Gets the ack that comes after the answer. */
  readonly onLateAck?: (ack: BinaryNode) => void;
}

/** No figure is published; independent clients wait 10 to 15 s. */
const ACK_TIMEOUT_MS = 15_000;
/** Phones stop by themselves after a minute; then it is of no use to know which ones rang. */
const LATE_ACK_MS = 60_000;

/** Why there is no verdict. `silence`: the server did not answer in time. */
type MissingVerdict = 'silence' | ConnectionEnd;
export type OfferAnswer = OfferVerdict | MissingVerdict;

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
  { ackClass = 'call', timeoutMs = ACK_TIMEOUT_MS, onLateAck }: Partial<Expectation> = {},
): PendingVerdict {
  const { ws } = connection.socket;
  const ackOfStanza = `CB:ack,id:${stanzaId}`;
  let answered = false;
  let settle: (answer: OfferAnswer) => void = () => undefined;
  const answer = new Promise<OfferAnswer>((resolve) => {
    settle = resolve;
  });
  const stopListening = (): void => {
    answered = true;
    ws.off(ackOfStanza, onAck);
    timer.cancel();
    stop();
  };
  const onAck = (ack: BinaryNode): void => {
    if (ack.attrs.class !== ackClass) return;
    if (answered) onLateAck?.(ack);
    else settle(readOfferAck(ack));
    stopListening();
  };
  const answerWithoutAck = (substitute: OfferAnswer): void => {
    if (answered) return;
    settle(substitute);
    if (!onLateAck) return stopListening();
    answered = true;
    timer.cancel();
    timer = clock.schedule(LATE_ACK_MS, stopListening);
  };
  const stop = connection.onceFinished((end) => {
    settle(end);
    stopListening();
  });
  let timer = clock.schedule(timeoutMs, () => answerWithoutAck('silence'));
  ws.on(ackOfStanza, onAck);
  return { answer, confirm: () => answerWithoutAck({ accepted: true }) };
}
