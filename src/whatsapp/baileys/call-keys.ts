import { encodeWAMessage, type WASocket } from '@whiskeysockets/baileys';
import { DatabaseUnavailable } from '../../common/database/database-unavailable.js';
import type { Log } from '../../common/logging/log.js';
import { maskNumber } from '../../common/logging/mask-numbers.js';
import { CalleeUnreachable } from '../whatsapp.errors.js';
import type { EncryptedKey } from './call-stanzas.js';

/**
 * Encrypts the call key for each device. A device without a usable key bundle is left out; the others ring.
 * @param callKey 32 random bytes, one for all devices
 * @param afresh the sessions with all devices are built anew
 * @throws CalleeUnreachable when no device is left, DatabaseUnavailable when the keys cannot be read or stored
 */
export async function encryptCallKey(
  socket: WASocket,
  devices: readonly string[],
  callKey: Uint8Array,
  log: Log,
  afresh = false,
): Promise<EncryptedKey[]> {
  await assertSessions(socket, devices, log, afresh);
  const keys: EncryptedKey[] = [];
  for (const device of devices) {
    try {
      const data = encodeWAMessage({ call: { callKey } });
      keys.push({ device, ...(await socket.signalRepository.encryptMessage({ jid: device, data })) });
    } catch (cause) {
      if (cause instanceof DatabaseUnavailable) throw cause;
      log.warn('A device of the callee is left out: no Signal session', {
        device: maskNumber(device),
        err: cause,
      });
    }
  }
  if (keys.length === 0) throw new CalleeUnreachable('no Signal session with any device');
  return keys;
}

/** One bad device makes the library throw the whole answer away; then each device is asked for alone. */
async function assertSessions(
  socket: WASocket,
  devices: readonly string[],
  log: Log,
  afresh: boolean,
): Promise<void> {
  try {
    await socket.assertSessions([...devices], afresh);
  } catch (cause) {
    if (cause instanceof DatabaseUnavailable) throw cause;
    if (devices.length === 1) {
      log.debug('No key bundle for a device', { err: cause });
      return;
    }
    for (const device of devices) await assertSessions(socket, [device], log, afresh);
  }
}
