/** An account that was disabled may be used again. */
export class AccountEnabled {
  constructor(readonly accountId: string) {}
}
