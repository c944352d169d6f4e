import type { SecretBox } from '../../common/crypto/secret-box.js';
import { CALL_DIRECTIONS, type CallDirection } from '../call-state.js';

/** A place in a list of calls: newest first, of one moment outgoing calls before incoming ones, and the later row first. */
export interface ListPosition {
  readonly requestedAt: Date;
  readonly direction: CallDirection;
  /** Id of the row, a bigint in decimal. It counts the rows of all instances, which is nobody's business. */
  readonly rowId: string;
}

const PURPOSE = 'call cursor';
const TIME_AT = 1;
const ROW_ID_AT = 9;
const LENGTH = 17;

/** What is said of all others, in the words of a query's rule. */
export const NOT_A_CURSOR = 'is not one that a list of this instance answered';

/** What a cursor looks like, whoever made it. */
export const CURSOR = /^[A-Za-z0-9_-]{67}$/;

export const CURSOR_EXAMPLE = 'AT-oX2QLMFV6n8TpDjNYfaLH7BE2W4Clyu8UOV6DqM3yFzxhhqvQ9Ro_ZImu0_gdQmc';

/** Where a page of the instance ended, sealed: it says nothing to clients and is worth nothing at another instance. */
export function sealCursor(position: ListPosition, instanceId: string, box: SecretBox): string {
  const bytes = Buffer.alloc(LENGTH);
  bytes.writeUInt8(CALL_DIRECTIONS.indexOf(position.direction));
  bytes.writeBigInt64BE(BigInt(position.requestedAt.getTime()), TIME_AT);
  bytes.writeBigInt64BE(BigInt(position.rowId), ROW_ID_AT);
  return box.seal(bytes, [PURPOSE, instanceId]).toString('base64url');
}

/** `undefined`: not a cursor of this instance, or its key is no longer there. */
export function openCursor(cursor: string, instanceId: string, box: SecretBox): ListPosition | undefined {
  let bytes: Buffer;
  try {
    bytes = box.open(Buffer.from(cursor, 'base64url'), [PURPOSE, instanceId]);
  } catch {
    return undefined;
  }
  const direction = CALL_DIRECTIONS[bytes.readUInt8()];
  if (!direction) return undefined;
  return {
    direction,
    requestedAt: new Date(Number(bytes.readBigInt64BE(TIME_AT))),
    rowId: bytes.readBigInt64BE(ROW_ID_AT).toString(),
  };
}

/** Negative: `one` comes first in the list. */
export function compareInList(one: ListPosition, other: ListPosition): number {
  const byTime = other.requestedAt.getTime() - one.requestedAt.getTime();
  if (byTime !== 0) return byTime;
  const byDirection = CALL_DIRECTIONS.indexOf(one.direction) - CALL_DIRECTIONS.indexOf(other.direction);
  return byDirection === 0 ? Number(BigInt(other.rowId) - BigInt(one.rowId)) : byDirection;
}
