/** What a session tells its gateway. */
export type SessionNews =
  | { readonly type: 'qr_ready'; readonly qr: string }
  | { readonly type: 'paired'; readonly jid: string }
  | { readonly type: 'connecting' }
  | { readonly type: 'connected'; readonly jid: string; readonly name: string | null }
  | {
      readonly type: 'disconnected';
      readonly code: number;
      readonly reason: string;
      readonly retryAt: Date | null;
    }
  | { readonly type: 'passkey_required'; readonly code: number; readonly reason: string }
  | { readonly type: 'logged_out'; readonly code: number; readonly reason: string };
