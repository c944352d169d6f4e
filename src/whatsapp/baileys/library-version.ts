import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys';
import type { LibraryVersion } from '../client-version/client-versions.js';

/** WhatsApp Web 2.3000.1043857760, which Baileys 7.0.0-rc14 sends, was built on this day. */
const BUILT_AT = new Date('2026-07-25T00:00:00Z');

/** The client version that the library would send. */
export function libraryVersion(): LibraryVersion {
  const [, , revision] = DEFAULT_CONNECTION_CONFIG.version;
  return { revision, currentAt: BUILT_AT };
}
