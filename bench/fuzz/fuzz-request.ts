/** Whose token a request carries. */
export type Sender = 'account' | 'instance' | 'admin' | 'nobody' | 'stranger';

/** One request, complete but for the token, which depends on the run. */
export interface FuzzRequest {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  readonly sender: Sender;
  readonly headers: Readonly<Record<string, string>>;
  /** A text is sent in UTF-8. */
  readonly body: string | Buffer | undefined;
}

/** What came back. `undefined` body: none could come, as with HEAD. */
export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer | undefined;
}
