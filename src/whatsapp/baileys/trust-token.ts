import type { WASocket } from '@whiskeysockets/baileys';

/** Tokens live in buckets of 7 days and are good for 4 of them (WhatsApp Web, 2026 builds). */
const BUCKET_SECONDS = 604_800;
const BUCKETS = 4;

/** The token that the callee once issued to us, if it is still good. */
export async function heldTrustToken(
  socket: WASocket,
  lid: string,
  now: Date,
): Promise<Uint8Array | undefined> {
  const { [lid]: entry } = await socket.authState.keys.get('tctoken', [lid]);
  if (!entry?.token?.length) return undefined;
  const bucket = bucketOf(Number(entry.timestamp));
  return bucket >= bucketOf(now.getTime() / 1000) - (BUCKETS - 1) ? entry.token : undefined;
}

/**
 * Issues our own token to the callee, at most once for each bucket, as the official client does with a call; the
 * callee's side then knows us. The record keeps the token that we hold.
 */
export async function issueTrustToken(
  socket: WASocket,
  { lid, pn }: { lid: string; pn: string | undefined },
  now: Date,
): Promise<void> {
  const seconds = Math.floor(now.getTime() / 1000);
  const { [lid]: before } = await socket.authState.keys.get('tctoken', [lid]);
  if (before?.senderTimestamp !== undefined && bucketOf(before.senderTimestamp) >= bucketOf(seconds)) return;
  await socket.issuePrivacyTokens([pn ?? lid], seconds);
  const { [lid]: entry } = await socket.authState.keys.get('tctoken', [lid]);
  await socket.authState.keys.set({
    tctoken: { [lid]: { token: Buffer.alloc(0), ...entry, senderTimestamp: seconds } },
  });
}

function bucketOf(seconds: number): number {
  return Math.floor(seconds / BUCKET_SECONDS);
}
