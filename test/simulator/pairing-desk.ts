import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import { isPossibleNumber, parseJid, USER_SERVER } from './jids.js';
import { bytesOf, childOf, iqError, iqResult } from './nodes.js';
import type { Registration } from './registration.js';

const WRAPPED_KEY_BYTES = 80;
const COMPANION_FIELDS = [
  'companion_server_auth_key_pub',
  'companion_platform_id',
  'companion_platform_display',
];

/** The unpaired connections: who shows which QR refs, who waits for a code to be typed. */
export class PairingDesk {
  private readonly registrations = new Map<Connection, Registration>();

  open(registration: Registration): void {
    this.registrations.set(registration.connection, registration);
  }

  close(connection: Connection): void {
    this.registrations.delete(connection);
  }

  of(connection: Connection): Registration | undefined {
    return this.registrations.get(connection);
  }

  /** Companions that no phone has linked yet. */
  get waiting(): Registration[] {
    return [...this.registrations.values()].filter(({ isTaken }) => !isTaken);
  }

  /** The connection that shows this QR ref now; `undefined`: unknown, expired or already scanned. */
  takeRef(ref: string): Registration | undefined {
    for (const registration of this.registrations.values()) {
      if (registration.refs.includes(ref) && !registration.isTaken) {
        registration.isTaken = true;
        return registration;
      }
    }
    return undefined;
  }

  /** The newest connection that asked to link to this number by code. */
  waitingForCode(number: string): Registration | undefined {
    return [...this.registrations.values()].findLast(
      ({ codeOffer, isTaken }) => codeOffer?.number === number && !isTaken,
    );
  }

  /** Numbers to which companions wait to be linked by code, the newest last. */
  get numbersWaitingForCode(): string[] {
    return this.waiting.flatMap(({ codeOffer }) => (codeOffer ? [codeOffer.number] : []));
  }

  /** Answers `link_code_companion_reg` of an unpaired client. */
  answerCodeStage(registration: Registration, iq: BinaryNode, stageNode: BinaryNode): BinaryNode {
    const { stage } = stageNode.attrs;
    if (stage === 'companion_hello') return this.answerHello(registration, iq, stageNode);
    if (stage === 'companion_finish') return this.answerFinish(registration, iq, stageNode);
    return iqError(iq, 400, 'bad-request');
  }

  private answerHello(registration: Registration, iq: BinaryNode, stageNode: BinaryNode): BinaryNode {
    const number = parseJid(stageNode.attrs.jid);
    const wrapped = bytesOf(childOf(stageNode, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
    const noiseKey = bytesOf(childOf(stageNode, 'companion_server_auth_key_pub'));
    const complete = COMPANION_FIELDS.every((tag) => bytesOf(childOf(stageNode, tag))?.length);
    const isOwnKey = noiseKey !== undefined && registration.keys.noisePublicKey.equals(noiseKey);
    if (!number || number.server !== USER_SERVER || !isPossibleNumber(number.user)) {
      return iqError(iq, 400, 'bad-request');
    }
    if (wrapped?.length !== WRAPPED_KEY_BYTES || !complete || !isOwnKey) {
      return iqError(iq, 400, 'bad-request');
    }
    const ref = randomBytes(32);
    registration.codeOffer = {
      number: number.user,
      ref,
      wrappedCompanionEphemeral: wrapped,
      onFinish: undefined,
    };
    return iqResult(iq, [
      {
        tag: 'link_code_companion_reg',
        attrs: {},
        content: [{ tag: 'link_code_pairing_ref', attrs: {}, content: ref }],
      },
    ]);
  }

  /** The server only passes the bundle on: whether the code was right is known to the phone alone. */
  private answerFinish({ codeOffer }: Registration, iq: BinaryNode, stageNode: BinaryNode): BinaryNode {
    const keyBundle = bytesOf(childOf(stageNode, 'link_code_pairing_wrapped_key_bundle'));
    const identity = bytesOf(childOf(stageNode, 'companion_identity_public'));
    const ref = bytesOf(childOf(stageNode, 'link_code_pairing_ref'));
    if (!codeOffer?.onFinish || !keyBundle || !identity || !ref?.equals(codeOffer.ref)) {
      return iqError(iq, 400, 'bad-request');
    }
    codeOffer.onFinish(keyBundle, identity);
    return iqResult(iq);
  }
}
