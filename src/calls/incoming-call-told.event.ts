/** Something about an incoming call was stored to be told. */
export class IncomingCallTold {
  constructor(
    readonly instanceId: string,
    readonly callId: string,
  ) {}
}
