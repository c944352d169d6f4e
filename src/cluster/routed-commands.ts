import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors/domain-error.js';
import { Log } from '../common/logging/log.js';
import { OwnerUnavailable } from './cluster.errors.js';
import { formatReply, parseReply, parseRequest, type CommandReply } from './command-wire.js';
import { NodeLink } from './node-link.js';
import { OwnerCommands, type OwnerCommand } from './owner-commands.js';
import { Ownership, type Holder } from './ownership.js';

/** The holder may change while a command is on its way: then it is sent once more, to the new one. */
const MAX_HOPS = 2;

/** Commands in a cluster: run here or sent to the node that holds the instance, and run for other nodes. */
@Injectable()
export class RoutedCommands extends OwnerCommands {
  constructor(
    private readonly ownership: Ownership,
    private readonly link: NodeLink,
    private readonly log: Log,
  ) {
    super();
    link.onAsked((message) => this.answer(message));
  }

  override async run<Args, Result>(
    command: OwnerCommand<Args, Result>,
    instanceId: string,
    args: Args,
  ): Promise<Result> {
    for (let hop = 1; hop <= MAX_HOPS; hop += 1) {
      const holder = await this.holderFor(command, instanceId);
      if (holder.kind !== 'node') return super.run(command, instanceId, args);
      const reply = await this.send(holder.nodeId, command, instanceId, args);
      if (reply.type === 'done') return command.parseResult(reply.result);
      if (reply.type === 'failed') throw reply.error;
      if (reply.type === 'broken') throw new Error(`Another process failed to run ${command.name}`);
    }
    throw OwnerUnavailable.unreached();
  }

  private async holderFor(
    { takesOver }: OwnerCommand<unknown, unknown>,
    instanceId: string,
  ): Promise<Holder> {
    const holder = await this.ownership.holderOf(instanceId);
    return holder.kind === 'nobody' && takesOver ? this.ownership.acquire(instanceId) : holder;
  }

  private async send(
    nodeId: string,
    { name, deadlineMs }: OwnerCommand<unknown, unknown>,
    instanceId: string,
    args: unknown,
  ): Promise<CommandReply> {
    const reply = await this.link.ask(nodeId, { name, instanceId, args }, deadlineMs);
    try {
      return parseReply(reply);
    } catch (err) {
      this.log.warn('A reply of another process could not be understood', { nodeId, command: name, err });
      throw OwnerUnavailable.silent();
    }
  }

  private async answer(message: unknown): Promise<unknown> {
    return formatReply(await this.replyTo(message));
  }

  private async replyTo(message: unknown): Promise<CommandReply> {
    try {
      const { name, instanceId, args } = parseRequest(message);
      if (this.ownership.epochOf(instanceId) === undefined) return { type: 'not_here' };
      return { type: 'done', result: await this.runHere(name, instanceId, args) };
    } catch (error) {
      if (error instanceof DomainError) return { type: 'failed', error };
      this.log.error('A command of another process failed unexpectedly', { err: error });
      return { type: 'broken' };
    }
  }
}
