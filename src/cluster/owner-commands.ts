/**
 * A command that only the process that holds the instance can run. Arguments and results travel as JSON, so each is
 * parsed where it arrives.
 */
export interface OwnerCommand<Args, Result> {
  readonly name: string;
  /** Milliseconds after which the asker gives up; longer than the command takes at its worst. */
  readonly deadlineMs: number;
  /** True: a command on an instance that nobody holds makes this process its holder first. */
  readonly takesOver: boolean;
  /** @throws TypeError when the value is nothing of the kind */
  readonly parseArgs: (value: unknown) => Args;
  /** @throws TypeError when the value is nothing of the kind */
  readonly parseResult: (value: unknown) => Result;
}

type Handler = (instanceId: string, args: unknown) => Promise<unknown>;

/** Brings commands on instances to the process that holds the instance. One that is alone runs everything itself. */
export class OwnerCommands {
  private readonly handlers = new Map<string, Handler>();

  /** How this process runs a command, for itself and for other processes; once for each command. */
  handle<Args, Result>(
    { name, parseArgs }: OwnerCommand<Args, Result>,
    run: (instanceId: string, args: Args) => Promise<Result>,
  ): void {
    this.handlers.set(name, (instanceId, args) => run(instanceId, parseArgs(args)));
  }

  /**
   * Runs the command here if this process may, else sends it to the holder. The failure of a command is the same in
   * both cases.
   * @throws OwnerUnavailable, and what the command throws
   */
  async run<Args, Result>(
    { name, parseResult }: OwnerCommand<Args, Result>,
    instanceId: string,
    args: Args,
  ): Promise<Result> {
    return parseResult(await this.runHere(name, instanceId, args));
  }

  protected async runHere(name: string, instanceId: string, args: unknown): Promise<unknown> {
    const handler = this.handlers.get(name);
    if (!handler) throw new TypeError('The command is not known here');
    return handler(instanceId, args);
  }
}
