/** An account was disabled: its tokens are refused, its sessions must be closed. */
export class AccountDisabled {
  constructor(readonly accountId: string) {}
}
