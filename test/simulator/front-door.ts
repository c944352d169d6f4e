import type { proto } from '@whiskeysockets/baileys';
import type { LinkedCompanion } from './account.js';
import type { Connection } from './connection.js';
import { endByFailure, endByReplacement } from './endings.js';
import { phoneJid } from './jids.js';
import { epochSeconds } from './nodes.js';
import { passkeyRequest } from './passkey-request.js';
import { readRegistrationKeys, Registration, type RegistrationKeys } from './registration.js';
import { viewOf } from './session-table.js';
import type { SessionView } from './types.js';
import type { World } from './world.js';

const PAIR_DEVICE_TIMEOUT_MS = 60_000;
const LOGGED_OUT = 401;

/** What happens right after a handshake: registration, login, or refusal. */
export class FrontDoor {
  constructor(
    private readonly world: World,
    private readonly loggedIn: (session: SessionView) => void,
  ) {}

  admit(connection: Connection, payload: proto.ClientPayload, clientStatic: Buffer): void {
    if (!this.world.versions.admit(connection, payload)) return;
    if (payload.devicePairingData) {
      return this.register(connection, readRegistrationKeys(payload.devicePairingData, clientStatic));
    }
    const number = String(payload.username ?? '');
    const refusal = this.world.faults.refusalFor(number);
    if (refusal === 'drop') return connection.terminate();
    if (refusal === 'silence') return;
    if (refusal) return endByFailure(connection, refusal.reason);
    const companion = this.companionOf(number, payload.device ?? 0, clientStatic);
    if (companion) this.logIn(connection, companion);
    else endByFailure(connection, LOGGED_OUT);
  }

  private register(connection: Connection, keys: RegistrationKeys): void {
    const { desk, faults } = this.world;
    const refusal = faults.linkingRefusal?.at === 'connect' ? faults.linkingRefusal.code : undefined;
    if (typeof refusal === 'number') return endByFailure(connection, refusal);
    const registration = new Registration(connection, keys);
    desk.open(registration);
    if (refusal === 'passkey') return connection.send(passkeyRequest());
    if (refusal === 'silence') return;
    void connection.request(registration.pairDeviceNode(), PAIR_DEVICE_TIMEOUT_MS);
  }

  private companionOf(number: string, deviceId: number, clientStatic: Buffer): LinkedCompanion | undefined {
    const known = this.world.directory.findDevice(phoneJid(number, deviceId));
    if (known?.device.kind !== 'companion') return undefined; // removed, or never linked here
    if (!known.device.keys.noisePublicKey.equals(clientStatic)) {
      this.world.recorder.violation(number, 'login with a foreign Noise key');
      return undefined;
    }
    return { account: known.account, device: known.device };
  }

  private logIn(connection: Connection, companion: LinkedCompanion): void {
    const replaced = this.world.sessions.open(connection, companion);
    if (replaced) endByReplacement(replaced);
    const session = viewOf(connection, companion);
    connection.send({
      tag: 'success',
      attrs: { t: epochSeconds(), lid: session.lid, location: 'sim', props: '27', creation: epochSeconds() },
    });
    // Baileys holds its events back until it hears that nothing is left over from the time it was offline
    connection.send({ tag: 'ib', attrs: {}, content: [{ tag: 'offline', attrs: { count: '0' } }] });
    this.loggedIn(session);
  }
}
