import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  encodeSignedDeviceIdentity,
  encodeWAMessage,
  jidNormalizedUser,
  type BinaryNode,
  type WASocket,
} from '@whiskeysockets/baileys';
import {
  offerStanza,
  primaryFirst,
  readOfferAck,
  terminateStanza,
  type EncryptedKey,
} from '../../src/whatsapp/baileys/call-stanzas.js';
import { deviceLid, deviceOf, isHosted, userOf } from '../../src/whatsapp/baileys/device-jid.js';
import { readAcceptance } from '../../src/whatsapp/baileys/offer-acceptance.js';
import type { Answer } from './call-outcome.js';

const CALL_KEY_BYTES = 32;
const ACK_TIMEOUT_MS = 15_000;

interface Callee {
  readonly lid: string;
  readonly pn: string;
  readonly devices: readonly string[];
}

/**
 * Places calls with a socket of the library alone. What leaves is what leaves the product for the same call; which numbers
 * exist is remembered, device lists and Signal sessions are kept by the library, nothing is stored.
 */
export class BareCaller {
  private readonly registered = new Map<string, string>();

  constructor(readonly socket: WASocket) {}

  /** Resolves after the hang-up, or with the refusal; the answer is the server's. */
  async call(number: string, ringSeconds: number): Promise<Answer> {
    const { socket } = this;
    const startedMs = performance.now();
    const callee = await this.find(number);
    const keys = await this.encryptKey(callee.devices);
    const creator = this.creator();
    const callId = `00${randomBytes(15).toString('hex').toUpperCase()}`;
    const stanzaId = socket.generateMessageTag();
    const acknowledged = this.ackOf(stanzaId);
    const { account } = socket.authState.creds;
    if (!account) throw new TypeError('The session is not linked');
    const deviceIdentity = encodeSignedDeviceIdentity(account, true);
    await socket.sendNode(
      offerStanza({ stanzaId, callId, to: callee.lid, creator, keys, deviceIdentity, trustToken: undefined }),
    );
    const ack = await acknowledged;
    const ms = performance.now() - startedMs;
    if (!ack) return { status: 0, ms };
    const verdict = readOfferAck(ack);
    if (!verdict.accepted) return { status: verdict.code, ms };
    const devices = [...callee.devices, ...readAcceptance(ack, callee).furtherDevices];
    await sleep(ringSeconds * 1000);
    await Promise.all(
      devices.map((device) =>
        socket.sendNode(terminateStanza({ stanzaId: socket.generateMessageTag(), callId, creator, device })),
      ),
    );
    return { status: 200, ms };
  }

  private async find(number: string): Promise<Callee> {
    const { socket } = this;
    const pn = this.registered.get(number) ?? (await this.askRegistered(number));
    const lid = jidNormalizedUser((await socket.signalRepository.lidMapping.getLIDForPN(pn)) ?? '');
    const known = await socket.getUSyncDevices([lid], true, false);
    const devices = known.map(({ jid }) => jid).filter((jid) => !isHosted(jid));
    return { lid, pn, devices: primaryFirst(devices.map(deviceLid)) };
  }

  private async askRegistered(number: string): Promise<string> {
    const found = await this.socket.onWhatsApp(`${number}@s.whatsapp.net`);
    const pn = jidNormalizedUser(found?.find(({ exists }) => exists)?.jid ?? '');
    this.registered.set(number, pn);
    return pn;
  }

  private async encryptKey(devices: readonly string[]): Promise<EncryptedKey[]> {
    const { socket } = this;
    const callKey = randomBytes(CALL_KEY_BYTES);
    await socket.assertSessions([...devices], false);
    const keys: EncryptedKey[] = [];
    for (const device of devices) {
      const data = encodeWAMessage({ call: { callKey } });
      keys.push({ device, ...(await socket.signalRepository.encryptMessage({ jid: device, data })) });
    }
    return keys;
  }

  /** `undefined`: none came in time. */
  private ackOf(stanzaId: string): Promise<BinaryNode | undefined> {
    const { ws } = this.socket;
    const event = `CB:ack,id:${stanzaId}`;
    return new Promise((resolve) => {
      const onAck = (ack: BinaryNode): void => {
        clearTimeout(timer);
        resolve(ack);
      };
      const timer = setTimeout(() => {
        ws.off(event, onAck);
        resolve(undefined);
      }, ACK_TIMEOUT_MS);
      ws.once(event, onAck);
    });
  }

  /** Own LID with the device id. */
  private creator(): string {
    const { id = '', lid = '' } = this.socket.authState.creds.me ?? {};
    return `${userOf(lid)}:${deviceOf(id)}@lid`;
  }
}
