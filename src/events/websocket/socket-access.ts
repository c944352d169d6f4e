import { Inject, Injectable } from '@nestjs/common';
import { Authenticator } from '../../auth/authenticator.js';
import { CLOSE_CODES, type EventSocket, type SocketOwner } from './event-socket.js';
import { WebSocketSettingsRepository } from './websocket-settings.repository.js';
import { SWITCHED_OFF } from './websocket-settings.service.js';

/** Looks whether open WebSockets may stay: tokens are replaced and instances reconfigured, maybe by another process. */
@Injectable()
export class SocketAccess {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Pick<Authenticator, 'callerOf'>,
    private readonly repository: WebSocketSettingsRepository,
  ) {}

  /** Closes the sockets that may not stay and gives the others the settings of now. */
  async review(sockets: readonly EventSocket[]): Promise<void> {
    const instanceIds = new Set(sockets.map(({ owner }) => owner.instanceId));
    const settings = await this.repository.findMany([...instanceIds]);
    for (const socket of sockets) {
      const current = settings.get(socket.owner.instanceId);
      if (!current?.enabled) socket.close(CLOSE_CODES.policyViolation, SWITCHED_OFF);
      else if (!(await this.isStillValid(socket.owner)))
        socket.close(CLOSE_CODES.policyViolation, 'Invalid token');
      else socket.events = current.events;
    }
  }

  private async isStillValid({ token, accountId, instanceId }: SocketOwner): Promise<boolean> {
    const caller = await this.authenticator.callerOf(token);
    if (caller?.kind === 'instance') return caller.instanceId === instanceId;
    return caller?.kind === 'account' && caller.accountId === accountId;
  }
}
