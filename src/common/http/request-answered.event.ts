/** A request is over. */
export class RequestAnswered {
  constructor(
    readonly method: string,
    /** The template of the route, such as `/api/call/fake/:instance`, never the path itself; `unmatched` when no route took it. */
    readonly route: string,
    /** 499 when the client left before there was an answer. */
    readonly status: number,
    /** From the first byte handled to the last one written, ≥ 0. */
    readonly durationMs: number,
  ) {}
}
