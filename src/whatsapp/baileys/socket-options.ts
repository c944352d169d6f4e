import type { Agent } from 'node:https';
import {
  DEFAULT_CONNECTION_CONFIG,
  isJidBroadcast,
  isJidGroup,
  isJidNewsletter,
  proto,
  type AuthenticationCreds,
  type SignalKeyStore,
  type UserFacingSocketConfig,
} from '@whiskeysockets/baileys';
import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js';
import type { LibraryVersion } from '../client-version/client-versions.js';
import { withTurns } from './signal-turns.js';
import { socketCaches } from './socket-caches.js';
import { withBundleCheck } from './strict-signatures.js';

const { HistorySyncType } = proto.HistorySync;
/** Chunks of history that carry trust tokens and LID mappings; the full archive is of no use to a call gateway. */
const USEFUL_HISTORY: readonly (number | null | undefined)[] = [
  HistorySyncType.INITIAL_BOOTSTRAP,
  HistorySyncType.RECENT,
  HistorySyncType.NON_BLOCKING_DATA,
];

const QUERY_TIMEOUT_MS = 15_000;
/** WhatsApp Web 2.3000.1043857760, which Baileys 7.0.0-rc14 sends, was built on this day. */
const LIBRARY_BUILT_AT = new Date('2026-07-25T00:00:00Z');

/** The client version that the library would send. */
export function libraryVersion(): LibraryVersion {
  const [, , revision] = DEFAULT_CONNECTION_CONFIG.version;
  return { revision, currentAt: LIBRARY_BUILT_AT };
}

export interface SocketWay {
  /** Carries the socket; `undefined` = directly. */
  readonly agent: Agent | undefined;
  /** Show the account as online. */
  readonly keepOnline: boolean;
}

/**
 * Settings of a socket that places calls and keeps no messages. No explicit `undefined`: it would undo a default.
 * @param revision of WhatsApp Web, the last part of the client version
 */
export function socketOptions(
  creds: AuthenticationCreds,
  keys: SignalKeyStore,
  logger: ILogger,
  { agent, keepOnline }: SocketWay,
  revision: number,
): UserFacingSocketConfig {
  return {
    auth: { creds, keys },
    logger,
    version: [2, 3000, revision],
    markOnlineOnConnect: keepOnline,
    // The library would also put this limit around each frame that it sends, with three stack traces, which cost more than to
    // send it: `BaileysConnection` limits connecting, and `guardWire` writing.
    connectTimeoutMs: 0,
    defaultQueryTimeoutMs: QUERY_TIMEOUT_MS,
    // A write that fails is tried again soon, because the lock of its session is held meanwhile.
    transactionOpts: { maxCommitRetries: 3, delayBetweenTriesMs: 200 },
    syncFullHistory: false,
    shouldSyncHistoryMessage: ({ syncType }) => USEFUL_HISTORY.includes(syncType),
    shouldIgnoreJid: (jid) => isJidGroup(jid) || isJidBroadcast(jid) || isJidNewsletter(jid),
    enableRecentMessageCache: false,
    ...socketCaches(),
    makeSignalRepository: (...parts) =>
      withTurns(withBundleCheck(DEFAULT_CONNECTION_CONFIG.makeSignalRepository(...parts))),
    ...(agent && { agent, fetchAgent: agent }),
  };
}
