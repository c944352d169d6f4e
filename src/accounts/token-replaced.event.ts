/** The token of an account, or that of one of its instances, was replaced: the one before is refused. */
export class TokenReplaced {
  constructor(
    readonly accountId: string,
    /** `null`: the token of the account. */
    readonly instanceId: string | null,
  ) {}
}
