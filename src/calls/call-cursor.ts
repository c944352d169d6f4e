const LARGEST_ROW_ID = 2n ** 63n - 1n;

/** Where a page ended. Opaque to clients: the row id of its last call. */
export function encodeCursor(rowId: string): string {
  return Buffer.from(rowId).toString('base64url');
}

/** `undefined`: not a cursor of ours. */
export function decodeCursor(cursor: string): string | undefined {
  const rowId = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^[1-9]\d{0,18}$/.test(rowId) || encodeCursor(rowId) !== cursor) return undefined;
  return BigInt(rowId) <= LARGEST_ROW_ID ? rowId : undefined;
}
