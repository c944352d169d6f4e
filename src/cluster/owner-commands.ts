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

/** Brings commands on instances to the process that holds the instance. */
export abstract class OwnerCommands {
  /** How this process runs a command that another process sends; once for each command. */
  abstract handle<Args, Result>(
    command: OwnerCommand<Args, Result>,
    run: (instanceId: string, args: Args) => Promise<Result>,
  ): void;

  /**
   * Runs `local` if this process may, else sends the command to the holder. The failure of a command is the same in
   * both cases.
   * @throws OwnerUnavailable, and what the command throws
   */
  abstract run<Args, Result>(
    command: OwnerCommand<Args, Result>,
    instanceId: string,
    args: Args,
    local: () => Promise<Result>,
  ): Promise<Result>;
}
