import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_CONNECTION_CONFIG, WA_CERT_DETAILS, type BinaryNode } from '@whiskeysockets/baileys';
import type { DataSource } from 'typeorm';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { parseAppConfig } from '../../src/config/app-config.js';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { BaileysGateway } from '../../src/whatsapp/baileys/baileys.gateway.js';
import { ConnectPace } from '../../src/whatsapp/connect-pace.js';
import { ConnectTurns } from '../../src/whatsapp/connect-turns.js';
import { LinkingPlaces } from '../../src/whatsapp/linking-places.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import {
  SessionNotConnected,
  WhatsAppRefused,
  WhatsAppRestricted,
} from '../../src/whatsapp/whatsapp.errors.js';
import type { IncomingCallSignal, WhatsAppSignal } from '../../src/whatsapp/whatsapp-signals.js';
import { lidJid, WhatsAppSimulator } from '../simulator/index.js';
import { quietLibraries } from '../simulator/testing/quiet.js';
import { clientVersions } from '../support/client-versions.js';
import { ProxyAgents } from '../../src/whatsapp/proxy-agents.js';
import { outreachOf } from '../support/outreach.js';
import { SilentLog } from '../support/silent-log.js';
import { newAccount, openTestDatabase } from './instances-stage.js';
import { fencedWrites, TestOwnership } from '../support/test-ownership.js';

const NUMBER = '5511911110000';
const CALLER = '5511922220000';
const LID = '200000000000001';
/** Questions that are under way when a socket is closed keep their timers in the library (7.0.0-rc14). */
const QUERY_TIMEOUT_MS = 15_000;
const CALLER_LID = lidJid(LID);
const CALLER_PN = `${CALLER}@s.whatsapp.net`;

describe('incoming calls of a session', () => {
  const log = new SilentLog();
  let dataSource: DataSource;
  let simulator: WhatsAppSimulator;
  let gateway: BaileysGateway;
  let instanceId: string;
  let signals: WhatsAppSignal[];

  beforeAll(async () => {
    dataSource = await openTestDatabase();
  });

  afterAll(() => dataSource.destroy());

  beforeEach(async () => {
    quietLibraries(QUERY_TIMEOUT_MS);
    simulator = await WhatsAppSimulator.start();
    DEFAULT_CONNECTION_CONFIG.waWebSocketUrl = simulator.url;
    WA_CERT_DETAILS.PUBLIC_KEY = Buffer.from(simulator.rootPublicKey);
    simulator.addContact({ number: CALLER, lid: LID, devices: [0, 12] });
    const store = new SessionStore(dataSource, new SecretBox([randomBytes(32)]), fencedWrites(dataSource));
    const clock = new SystemClock();
    const config = parseAppConfig({ WHATSAPP_WEB_VERSION: '2.3000.1043857760' });
    gateway = new BaileysGateway(
      store,
      new TestOwnership(),
      clock,
      log,
      config,
      new ConnectTurns(config, clock),
      clientVersions(dataSource, { config, clock, log }),
      new ProxyAgents(config, clock, log),
      new LinkingPlaces(config, clock),
      new ConnectPace(clock),
    );
    signals = [];
    gateway.onSignal((signal) => signals.push(signal));
    instanceId = await newInstance();
    await store.saveCredentials(instanceId, simulator.preparedCredentials({ number: NUMBER }));
    await gateway.open(instanceId, { accountId: 'a', proxy: null, keepOnline: false, restriction: null });
    await until(() => gateway.sessionState(instanceId) === 'connected');
  });

  afterEach(async () => {
    await gateway.closeAll();
    await simulator.close();
  });

  async function newInstance(): Promise<string> {
    const { accountId } = await newAccount(dataSource);
    const name = randomUUID();
    const [row] = await dataSource.query<{ id: string }[]>(
      'INSERT INTO instances (account_id, name) VALUES ($1, $2) RETURNING id',
      [accountId, name],
    );
    if (!row) throw new Error('the instance was not made');
    return row.id;
  }

  async function until(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 5_000;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error('the condition did not come true');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const incoming = (): IncomingCallSignal[] =>
    signals.filter((signal) => signal.type === 'incoming_call' || signal.type === 'incoming_call_ended');

  const sentCalls = (): BinaryNode[] =>
    simulator.stanzas.flatMap(({ direction, node }) =>
      direction === 'in' && node.tag === 'call' ? [node] : [],
    );

  it('are reported when they begin and when the caller hangs up', async () => {
    const callId = simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'offer', isVideo: true });
    await until(() => incoming().length === 1);
    simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'terminate', callId });
    await until(() => incoming().length === 2);
    const about = {
      instanceId,
      callId,
      at: expect.any(Date),
      from: CALLER_LID,
      number: CALLER,
      replyTo: CALLER_PN,
      isVideo: true,
      isGroup: false,
      offeredAt: expect.any(Date),
    };
    expect(incoming()).toEqual([
      { type: 'incoming_call', ...about },
      { type: 'incoming_call_ended', ...about, reason: null, answeredElsewhere: false, rang: true },
    ]);
    expect(simulator.violations).toEqual([]);
  });

  it('are reported as over when they came while the session was away', async () => {
    simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'offer', isOffline: true });
    simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'offer_notice', isGroup: true, hidesNumber: true });
    await until(() => incoming().length === 2);
    expect(incoming()).toMatchObject([
      { type: 'incoming_call_ended', rang: false, isGroup: false, number: CALLER },
      { type: 'incoming_call_ended', rang: false, isGroup: true, number: null, replyTo: CALLER_LID },
    ]);
  });

  it('are remembered over a reconnect', async () => {
    const callId = simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'offer' });
    await until(() => incoming().length === 1);
    simulator.disconnect(NUMBER, { kind: 'stream-error', code: 515 });
    await simulator.waitForLogin(NUMBER, { times: 2 });
    await until(() => gateway.sessionState(instanceId) === 'connected');
    simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'offer', callId, isOffline: true });
    simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'terminate', callId, reason: 'accepted_elsewhere' });
    await until(() => incoming().length === 2);
    expect(incoming()[1]).toMatchObject({ answeredElsewhere: true, rang: true });
  });

  it('of a hidden number belong to the number that an own call has found', async () => {
    expect(await gateway.storedNumberOf(instanceId, CALLER_LID)).toBeNull();
    await gateway.prepareCall(instanceId, { kind: 'number', candidates: [CALLER] });
    const asked = simulator.stanzas.length;
    expect(await gateway.storedNumberOf(instanceId, CALLER_LID)).toBe(CALLER);
    expect(await gateway.storedNumberOf(instanceId, lidJid('200000000000002'))).toBeNull();
    expect(simulator.stanzas.length).toBe(asked);
  });

  it('are not confused with calls that the session places', async () => {
    const draft = await gateway.prepareCall(instanceId, { kind: 'lid', digits: LID });
    await draft.place();
    await until(() => signals.some(({ type }) => type === 'ringing'));
    simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'terminate', callId: draft.ring.callId });
    await until(() => signals.some(({ type }) => type === 'ended_remotely'));
    expect(incoming()).toEqual([]);
  });

  it('are declined at the device that calls', async () => {
    const callId = simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'offer', device: 12 });
    await until(() => incoming().length === 1);
    await gateway.rejectCall(instanceId, { callId, from: CALLER_LID });
    const creator = lidJid(LID, 12);
    expect(sentCalls()).toEqual([
      {
        tag: 'call',
        attrs: { to: creator, id: expect.any(String) },
        content: [{ tag: 'reject', attrs: { 'call-id': callId, 'call-creator': creator, count: '0' } }],
      },
    ]);
    expect(simulator.violations).toEqual([]);
  });

  it.each([
    ['phone number', CALLER_PN],
    ['LID', CALLER_LID],
  ])('are followed by a text to the %s of the caller that all devices read', async (_, to) => {
    await gateway.sendText(instanceId, { to, text: 'See https://example.invalid/ — please write' });
    const message = await simulator.waitForMessage(() => true);
    expect(message).toMatchObject({ to, text: 'See https://example.invalid/ — please write' });
    expect(simulator.messages).toHaveLength(1);
    expect(simulator.violations).toEqual([]);
  });

  it('report that WhatsApp restricts the account when a text is refused with 463', async () => {
    simulator.limits.lockReachout(NUMBER, Math.floor(Date.now() / 1000) + 3600);
    const sending = gateway.sendText(instanceId, { to: CALLER_LID, text: 'cold' });
    await expect(sending).rejects.toThrow(WhatsAppRestricted);
    expect(signals).toContainEqual(expect.objectContaining({ type: 'restricted', until: expect.any(Date) }));
    const asked = simulator.stanzas.length;
    const again = gateway.sendText(instanceId, { to: CALLER_LID, text: 'cold' });
    await expect(again).rejects.toThrow(/no calls to new contacts until/);
    expect(simulator.stanzas.length).toBe(asked);
    expect(simulator.messages).toEqual([]);
  });

  it('get no text while a restriction is in force that an earlier process has stored, and nobody new is called', async () => {
    const now = Date.now();
    const restriction = { until: new Date(now + 60_000), contactsFrom: new Date(now) };
    await gateway.open(instanceId, { accountId: 'a', proxy: null, keepOnline: false, restriction });
    await until(() => gateway.sessionState(instanceId) === 'connected');
    const sent = outreachOf(simulator, NUMBER).length;
    const attempts = await Promise.allSettled([
      gateway.sendText(instanceId, { to: CALLER_LID, text: 'cold' }),
      gateway.prepareCall(instanceId, { kind: 'number', candidates: [CALLER] }),
      gateway.prepareCall(instanceId, { kind: 'lid', digits: LID }),
    ]);
    for (const attempt of attempts) {
      const message = expect.stringMatching(/no calls to new contacts until/);
      expect(attempt).toMatchObject({ status: 'rejected', reason: { message } });
    }
    expect(outreachOf(simulator, NUMBER)).toHaveLength(sent);
  });

  it('report that WhatsApp refuses a text to somebody who does not exist', async () => {
    const sending = gateway.sendText(instanceId, { to: lidJid('300000000000009'), text: 'hello' });
    await expect(sending).rejects.toThrow(WhatsAppRefused);
  });

  it('cannot be answered while the session is closed', async () => {
    const callId = simulator.sendCallTo(NUMBER, { from: CALLER, kind: 'offer' });
    await until(() => incoming().length === 1);
    await gateway.close(instanceId);
    const answers = [
      gateway.rejectCall(instanceId, { callId, from: CALLER_LID }),
      gateway.sendText(instanceId, { to: CALLER_LID, text: 'hello' }),
    ];
    for (const answer of answers) await expect(answer).rejects.toThrow(SessionNotConnected);
  });
});
