import { generateMessageIDV2 } from '@whiskeysockets/baileys';
import type { Clock } from '../../common/time/clock.js';
import { SessionNotConnected, WhatsAppRefused, WhatsAppTimeout } from '../whatsapp.errors.js';
import type { TextMessage } from '../whatsapp.gateway.js';
import type { AccountStanding } from './account-standing.js';
import type { BaileysConnection } from './baileys-connection.js';
import { rejectStanza } from './incoming-stanzas.js';
import { awaitVerdict, type OfferAnswer } from './offer-verdict.js';
import { concernsAccount } from './refusal-reasons.js';

/** Looking up the devices of both sides and their keys counts too. */
const TEXT_TIMEOUT_MS = 20_000;

interface AnswerTools {
  readonly clock: Clock;
  readonly standing: AccountStanding;
}

/**
 * Declines an incoming call. Not through the library's own `rejectCall` (7.0.0-rc14), which names the given address as
 * `call-creator`, adds a `from` that clients never send, and does not see an `error` attribute of the ack.
 * @throws SessionNotConnected, WhatsAppTimeout, WhatsAppRefused, WhatsAppRestricted
 */
export async function rejectIncomingCall(
  connection: BaileysConnection,
  call: { readonly callId: string; readonly creator: string },
  { clock, standing }: AnswerTools,
): Promise<void> {
  const { socket } = connection;
  const stanzaId = socket.generateMessageTag();
  const verdict = awaitVerdict(connection, stanzaId, clock);
  // Whether a failed write reached the server is not known; the missing ack then decides.
  socket.sendNode(rejectStanza({ ...call, stanzaId })).catch(() => undefined);
  await requireAccepted(await verdict.answer, 'to reject the call', connection, standing);
}

/** @throws SessionNotConnected, WhatsAppTimeout, WhatsAppRefused, WhatsAppRestricted */
export async function sendTextMessage(
  connection: BaileysConnection,
  { to, text }: TextMessage,
  { clock, standing }: AnswerTools,
): Promise<void> {
  const { socket } = connection;
  const messageId = generateMessageIDV2(socket.user?.id);
  const expectation = { ackClass: 'message', timeoutMs: TEXT_TIMEOUT_MS } as const;
  const verdict = awaitVerdict(connection, messageId, clock, expectation);
  // `linkPreview: null`: the library would otherwise fetch whatever address stands in the text.
  const sending = socket.sendMessage(to, { text, linkPreview: null }, { messageId });
  try {
    const answer = await Promise.race([sending.then(() => verdict.answer), verdict.answer]);
    await requireAccepted(answer, 'the message', connection, standing);
  } finally {
    verdict.confirm(); // stops listening when the sending itself failed
  }
}

async function requireAccepted(
  answer: OfferAnswer,
  what: string,
  connection: BaileysConnection,
  standing: AccountStanding,
): Promise<void> {
  if (typeof answer === 'string') {
    throw answer === 'silence' && connection.isOpen ? new WhatsAppTimeout(what) : new SessionNotConnected();
  }
  if (answer.accepted) return;
  const { code } = answer;
  throw concernsAccount(code) ? await standing.refusal(code) : new WhatsAppRefused(what, code);
}
