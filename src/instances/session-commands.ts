import { randomUUID } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OwnerCommands, type OwnerCommand } from '../cluster/owner-commands.js';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import { Log } from '../common/logging/log.js';
import { PasskeyRequired } from '../whatsapp/whatsapp.errors.js';
import type { LinkMethod, LinkOffer, SessionState } from '../whatsapp/whatsapp.gateway.js';
import { InstanceSessions } from './instance-sessions.js';
import type { InstanceEntity } from './instance.entity.js';
import { PasskeyRequests } from './passkey-requests.js';
import {
  CLOSE,
  CONNECT,
  CURRENT_QR,
  FORGET,
  LINK,
  LOGOUT,
  REFRESH,
  REOPEN,
  STOP_LINKING,
  STOP_WAITING,
  type LinkRequest,
} from './session-command-kinds.js';

/** What the owners of instances ask of sessions, wherever the session is; each command also throws `OwnerUnavailable`. */
@Injectable()
export class SessionCommands implements OnModuleInit {
  /** Who waits here for something to show, by their names. */
  private readonly waiters = new Map<string, AbortController>();

  constructor(
    private readonly commands: OwnerCommands,
    private readonly sessions: InstanceSessions,
    private readonly passkeys: PasskeyRequests,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const { commands, sessions } = this;
    const stored = (instanceId: string) => sessions.storedInstance(instanceId);
    commands.handle(LINK, (id, request) => this.linkHere(id, request));
    commands.handle(CONNECT, (id, request) => this.connectHere(id, request));
    commands.handle(STOP_WAITING, (_id, waiter) => this.stopWaitingHere(waiter));
    commands.handle(CURRENT_QR, (id) => this.qrHere(id));
    commands.handle(REOPEN, async (id) => sessions.reopen(await stored(id)));
    commands.handle(REFRESH, async (id) => sessions.refresh(await stored(id)));
    commands.handle(CLOSE, (id, reason) => sessions.close(id, reason));
    commands.handle(STOP_LINKING, (id, reason) => sessions.stopLinking(id, reason));
    commands.handle(LOGOUT, (id) => sessions.logout(id));
    commands.handle(FORGET, (id) => sessions.forget(id));
  }

  /**
   * Links for somebody who asks again for what comes next. When WhatsApp asked for a passkey after the code that was shown
   * before, that is told first; the time after begins anew, because accounts may stop being asked.
   * @param left aborted when nobody waits for the answer any more
   * @throws PasskeyRequired, and what `InstanceSessions.link` throws
   */
  async connect(instance: InstanceEntity, method: LinkMethod, left: AbortSignal): Promise<LinkOffer> {
    const request = { ...method, waiter: randomUUID() };
    const leave = (): void => void this.stopWaiting(instance.id, request.waiter);
    left.addEventListener('abort', leave, { once: true });
    try {
      return await this.run(CONNECT, instance.id, request);
    } finally {
      left.removeEventListener('abort', leave);
    }
  }

  /** Links for somebody who sees what comes next. @throws what `InstanceSessions.link` throws */
  link(instance: InstanceEntity, method: LinkMethod): Promise<LinkOffer> {
    return this.run(LINK, instance.id, { ...method, waiter: randomUUID() });
  }

  /** The content of the QR code that can be scanned now. @throws NoQrToShow */
  currentQr(instanceId: string): Promise<string> {
    return this.run(CURRENT_QR, instanceId, null);
  }

  /** @throws what `InstanceSessions.reopen` throws */
  reopen(instance: InstanceEntity): Promise<void> {
    return this.run(REOPEN, instance.id, null);
  }

  /** Lets changed options take effect at once. */
  refresh(instance: InstanceEntity): Promise<void> {
    return this.run(REFRESH, instance.id, null);
  }

  /** Closes the session; the link to the phone stays. */
  close(instanceId: string, reason: string): Promise<void> {
    return this.run(CLOSE, instanceId, reason);
  }

  /** Closes the session if it is being linked. */
  stopLinking(instanceId: string, reason: string): Promise<void> {
    return this.run(STOP_LINKING, instanceId, reason);
  }

  /** Removes the link to the phone, at WhatsApp as well as here. */
  logout(instanceId: string): Promise<void> {
    return this.run(LOGOUT, instanceId, null);
  }

  /** Like `logout`, for an instance that is about to go. */
  forget(instanceId: string): Promise<void> {
    return this.run(FORGET, instanceId, null);
  }

  /** Live state of a session; of one that another process has, as far as its instance as it was read tells. */
  stateOf({ id, status, numberJid }: Pick<InstanceEntity, 'id' | 'status' | 'numberJid'>): SessionState {
    const here = this.sessions.stateOf(id);
    if (here !== 'absent') return here;
    if (status === 'connected') return 'connected';
    if (status === 'connecting') return numberJid === null ? 'linking' : 'connecting';
    return 'absent';
  }

  /** An instance that was deleted meanwhile is held by nobody. @throws InstanceNotFound */
  private async run<Args, Result>(
    command: OwnerCommand<Args, Result>,
    instanceId: string,
    args: Args,
  ): Promise<Result> {
    try {
      return await this.commands.run(command, instanceId, args);
    } catch (error) {
      if (error instanceof OwnershipLost) await this.sessions.storedInstance(instanceId);
      throw error;
    }
  }

  private async connectHere(instanceId: string, request: LinkRequest): Promise<LinkOffer> {
    if (this.passkeys.takeUntold(instanceId)) throw new PasskeyRequired();
    const offer = await this.linkHere(instanceId, request);
    if (offer.kind !== 'connected') this.passkeys.codeGiven(instanceId);
    return offer;
  }

  private async linkHere(instanceId: string, { waiter, ...method }: LinkRequest): Promise<LinkOffer> {
    const left = new AbortController();
    this.waiters.set(waiter, left);
    try {
      return await this.sessions.link(await this.sessions.storedInstance(instanceId), method, left.signal);
    } finally {
      this.waiters.delete(waiter);
    }
  }

  private async stopWaiting(instanceId: string, waiter: string): Promise<void> {
    try {
      await this.run(STOP_WAITING, instanceId, waiter);
    } catch (err) {
      // The attempt ends with its own time.
      this.log.debug('The end of a wait for a code could not be passed on', { instanceId, err });
    }
  }

  private stopWaitingHere(waiter: string): Promise<void> {
    this.waiters.get(waiter)?.abort();
    return Promise.resolve();
  }

  /** Fails as a promise does. */
  private qrHere(instanceId: string): Promise<string> {
    return Promise.resolve().then(() => this.sessions.currentQr(instanceId));
  }
}
