/** An account is about to be deleted; its tokens are already refused. Sessions must be gone when the reactions end. */
export class AccountDeleting {
  constructor(readonly accountId: string) {}
}
