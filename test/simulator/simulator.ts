import { EventEmitter, once } from 'node:events';
import type { AuthenticationCreds, BinaryNode } from '@whiskeysockets/baileys';
import { WebSocketServer } from 'ws';
import { AccountLimits } from './account-limits.js';
import { CallSwitch } from './call-switch.js';
import { TEST_ROOT } from './certificates.js';
import { Connection, type ConnectionEvents } from './connection.js';
import { Directory } from './directory.js';
import { endByFault } from './endings.js';
import { FaultPlan } from './fault-plan.js';
import { FrontDoor } from './front-door.js';
import { placeIncomingCall } from './incoming-calls.js';
import { MessageDesk } from './message-desk.js';
import { PairingDesk } from './pairing-desk.js';
import { passkeyRequest } from './passkey-request.js';
import { Phone } from './phone.js';
import { companionKeysOf, ownerOf, prepareCredentials } from './prepared-credentials.js';
import { Recorder } from './recorder.js';
import { serverIdentity } from './server-identity.js';
import { SessionTable } from './session-table.js';
import { StanzaDesk } from './stanza-desk.js';
import { Timers } from './timers.js';
import { TrustTokenDesk } from './trust-token-desk.js';
import { VersionDesk } from './version-desk.js';
import { waitForEvent } from './wait-for-event.js';
import type {
  CallRecord,
  ConnectionRecord,
  ContactOptions,
  DisconnectFault,
  IncomingCall,
  LinkingRefusal,
  LoginRefusal,
  MessageRecord,
  OfferAck,
  PhoneOptions,
  SessionView,
  SimulatorEvents,
  SimulatorOptions,
  StanzaRecord,
  WaitOptions,
} from './types.js';
import type { World } from './world.js';

const HOST = '127.0.0.1';
const PATH = '/ws/chat';
const MAX_MESSAGE_BYTES = 2 << 20;

/**
 * A WhatsApp server for tests: Noise handshake, pairing, logins, directory, key bundles and call signalling, on loopback and
 * without TLS. It judges what clients send and keeps every fault in `violations`.
 */
export class WhatsAppSimulator extends EventEmitter<SimulatorEvents> {
  readonly rootPublicKey: Buffer = TEST_ROOT.public;
  readonly limits: AccountLimits;
  readonly trustTokens: TrustTokenDesk;
  readonly pairing = new PairingDesk();
  readonly versions: VersionDesk;
  private readonly connections = new Set<Connection>();
  private readonly world: World;
  private readonly callSwitch: CallSwitch;
  private readonly frontDoor: FrontDoor;
  private readonly stanzaDesk: StanzaDesk;

  private constructor(
    private readonly server: WebSocketServer,
    readonly url: string,
    options: SimulatorOptions,
  ) {
    super();
    this.setMaxListeners(0);
    const recorder = new Recorder(this, options.record ?? true);
    this.versions = new VersionDesk(this.connections, recorder);
    this.world = {
      directory: new Directory(),
      sessions: new SessionTable(),
      desk: this.pairing,
      recorder,
      faults: new FaultPlan(),
      timers: new Timers(),
      versions: this.versions,
      options,
      reply: (connection, node) => this.reply(connection, node),
    };
    this.limits = new AccountLimits(this.world);
    this.trustTokens = new TrustTokenDesk(this.world);
    this.callSwitch = new CallSwitch(this.world);
    this.frontDoor = new FrontDoor(this.world, (session) => this.emit('login', session));
    this.stanzaDesk = new StanzaDesk(this.world, this.callSwitch, new MessageDesk(this.world));
    const events = this.connectionEvents();
    server.on('connection', (ws, { url }) => {
      const query = url?.split('?')[1] ?? '';
      const connection = new Connection(ws, serverIdentity(), events, { query, lingerMs: options.lingerMs });
      this.connections.add(connection);
      this.world.recorder.connection(connection.record);
    });
  }

  static async start(options: SimulatorOptions = {}): Promise<WhatsAppSimulator> {
    const server = new WebSocketServer({
      host: HOST,
      port: options.port ?? 0,
      path: PATH,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the simulator has no TCP address');
    const simulator = new WhatsAppSimulator(server, `ws://${HOST}:${address.port}${PATH}`, options);
    await simulator.versions.open();
    return simulator;
  }

  /** Cuts all connections and frees the port. May be called twice. */
  async close(): Promise<void> {
    this.world.timers.clear();
    for (const connection of this.connections) connection.terminate();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await this.versions.close();
  }

  addContact(options: ContactOptions): void {
    this.world.directory.addContact(options);
  }

  /** The same number gives the same account again. */
  addPhone(options: PhoneOptions): Phone {
    return new Phone(this.world.directory.linkable(options), this.world.desk);
  }

  /** Credentials of a new companion that this simulator accepts at login; nothing is uploaded on the first one. */
  preparedCredentials(options: PhoneOptions): AuthenticationCreds {
    const account = this.world.directory.linkable(options);
    const deviceId = account.freeDeviceId();
    const creds = prepareCredentials(account, deviceId);
    account.link(companionKeysOf(creds), true, deviceId);
    return creds;
  }

  /** Takes credentials of another run: a simulator that was restarted knows nobody. */
  acceptCredentials(creds: AuthenticationCreds): void {
    const { number, lid, deviceId } = ownerOf(creds);
    this.world.directory.linkable({ number, lid }).link(companionKeysOf(creds), true, deviceId);
  }

  /** One-time keys that the server holds for a linked device; 0 for an unknown one. */
  preKeyCount(jid: string): number {
    const device = this.world.directory.findDevice(jid)?.device;
    return device?.kind === 'companion' ? device.preKeyCount : 0;
  }

  get sessions(): SessionView[] {
    return this.world.sessions.views;
  }

  loginCount(number: string): number {
    return this.world.sessions.loginCount(number);
  }

  /** Resolves with an open session of the number once it has logged in `times` times (default 1) since the start. */
  waitForLogin(
    number: string,
    options: WaitOptions & { readonly times?: number } = {},
  ): Promise<SessionView> {
    return waitForEvent(this, 'login', options.timeoutMs, () =>
      this.loginCount(number) >= (options.times ?? 1)
        ? this.sessions.find((session) => session.number === number)
        : undefined,
    );
  }

  /** Resolves with the first call, past or future, for which the predicate holds; asked again whenever a call changes. */
  waitForCall(predicate: (call: CallRecord) => boolean, options: WaitOptions = {}): Promise<CallRecord> {
    return waitForEvent(this, 'call-changed', options.timeoutMs, () => this.calls.find(predicate));
  }

  /** Resolves with the first text, past or future, for which the predicate holds. */
  waitForMessage(
    predicate: (message: MessageRecord) => boolean,
    options: WaitOptions = {},
  ): Promise<MessageRecord> {
    return waitForEvent(this, 'message', options.timeoutMs, () => this.messages.find(predicate));
  }

  /** Resolves with the first recorded stanza, past or future, for which the predicate holds. */
  waitForStanza(
    predicate: (stanza: StanzaRecord) => boolean,
    options: WaitOptions = {},
  ): Promise<StanzaRecord> {
    return waitForEvent(this, 'stanza', options.timeoutMs, () => this.stanzas.find(predicate));
  }

  /** Ends every session of a number in the given way. Returns how many there were. */
  disconnect(number: string, fault: DisconnectFault): number {
    const connections = this.world.sessions.ofNumber(number);
    for (const connection of connections) {
      if (connection.companion) endByFault(connection, connection.companion, fault);
    }
    return connections.length;
  }

  /** Sends anything to the sessions of a number: a stanza, or bytes in place of one. Returns how many there were. */
  push(number: string, stanza: BinaryNode | Uint8Array): number {
    const connections = this.world.sessions.ofNumber(number);
    for (const connection of connections) connection.push(stanza);
    return connections.length;
  }

  refuseLogins(number: string | undefined, refusal: LoginRefusal | undefined): void {
    this.world.faults.refuseLogins(number, refusal);
  }

  /** `undefined`: link again. */
  refuseLinking(refusal: LinkingRefusal | undefined): void {
    this.world.faults.linkingRefusal = refusal;
  }

  /** Somebody sends a request for a passkey to every companion that waits to be linked; the server itself by default. */
  askForPasskey(from?: string): void {
    for (const { connection } of this.world.desk.waiting) connection.send(passkeyRequest(from));
  }

  /** Wins once over what the contact's own ack says; several are used in order. */
  scriptNextOfferAck(ack: OfferAck): void {
    this.world.faults.scriptNextOfferAck(ack);
  }

  get delayAnswersMs(): number {
    return this.world.faults.delayAnswersMs;
  }

  set delayAnswersMs(delayMs: number) {
    this.world.faults.delayAnswersMs = delayMs;
  }

  set refusesUnknownLids(refuses: boolean) {
    this.world.directory.refusesUnknownLids = refuses;
  }

  /** IQs that match get no answer until the returned function is called. */
  ignoreIq(predicate: (iq: BinaryNode) => boolean): () => void {
    return this.world.faults.ignoreIq(predicate);
  }

  /** A contact gets other devices, and nobody is told. */
  changeDevices(number: string, devices: readonly number[]): void {
    this.world.directory.ensure(number).changeDevices(devices);
  }

  /** Returns the call-id. Throws when the caller is unknown or the account has no session. */
  sendCallTo(number: string, incoming: IncomingCall): string {
    return placeIncomingCall(this.world, this.callSwitch, number, incoming);
  }

  get stanzas(): StanzaRecord[] {
    return this.world.recorder.stanzas;
  }

  /** Every connection since the start, closed ones too. */
  get connectionRecords(): ConnectionRecord[] {
    return this.world.recorder.connections;
  }

  get calls(): CallRecord[] {
    return this.world.recorder.calls;
  }

  get messages(): MessageRecord[] {
    return this.world.recorder.messages;
  }

  get violations(): string[] {
    return this.world.recorder.violations;
  }

  private reply(connection: Connection, node: BinaryNode): void {
    const { faults, timers } = this.world;
    if (faults.delayAnswersMs > 0) timers.after(faults.delayAnswersMs, () => connection.send(node));
    else connection.send(node);
  }

  private connectionEvents(): ConnectionEvents {
    const { recorder, sessions, desk } = this.world;
    return {
      handshakeFinished: (connection, payload, clientStatic) =>
        this.frontDoor.admit(connection, payload, clientStatic),
      received: (connection, node, stanzaBytes) => this.stanzaDesk.receive(connection, node, stanzaBytes),
      sent: (connection, node) => recorder.stanza('out', connection, node),
      failed: ({ companion }, error) =>
        recorder.violation(companion?.account.number, `connection failed: ${String(error)}`),
      closed: (connection) => {
        this.connections.delete(connection);
        desk.close(connection);
        const session = sessions.close(connection);
        if (session) this.emit('logout', session);
      },
    };
  }
}
