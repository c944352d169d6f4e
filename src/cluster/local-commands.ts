import { OwnerCommands, type OwnerCommand } from './owner-commands.js';

/** The only process there is runs everything itself. */
export class LocalCommands extends OwnerCommands {
  override handle(): void {}

  override run<Args, Result>(
    _command: OwnerCommand<Args, Result>,
    _instanceId: string,
    _args: Args,
    local: () => Promise<Result>,
  ): Promise<Result> {
    return local();
  }
}
