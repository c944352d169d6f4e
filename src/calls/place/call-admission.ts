import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InstancesGained } from '../../cluster/instances-gained.event.js';
import { InstancesLost } from '../../cluster/instances-lost.event.js';
import type { DomainError } from '../../common/errors/domain-error.js';
import { EventBus } from '../../common/events/event-bus.js';
import { Clock } from '../../common/time/clock.js';
import { InstanceDeleted } from '../../instances/instance-deleted.event.js';
import type { InstanceRef } from '../../instances/instance-values.js';
import { InstancesService } from '../../instances/instances.service.js';
import { SessionNotConnected } from '../../whatsapp/whatsapp.errors.js';
import { WhatsAppGateway } from '../../whatsapp/whatsapp.gateway.js';
import { plusMs } from '../call-times.js';
import { CallDeadlines } from '../end/call-deadlines.js';
import { CallInstanceNotFound } from '../errors.js';
import { CallChanged } from '../events.js';
import type { Call } from '../store/call.entity.js';
import { CallsRepository } from '../store/calls.repository.js';
import { cooldownOf, dependsOnToken, refusalOf, startOfPause } from './call-limits.js';
import { numbersOf, type FakeCallRequest } from './fake-call.js';

/** A place for a call that was let in, until the call is stored, which then counts by itself. */
export interface CallSlot {
  /** The instance with the limits under which the call was let in. */
  readonly instance: InstanceRef;
  readonly requestedAt: Date;
  /** The limits of the instance were changed: decides once more. @throws as `CallAdmission.admit` */
  review(): Promise<void>;
  /** The call is stored: the pause to the next one counts from its request. */
  stored(): void;
  /** The call was not placed. Does nothing for one that is stored. */
  close(): void;
}

/** A call that is being placed and is not stored. */
interface Placing {
  /** Monotonic. */
  readonly requestedAtMs: number;
  /** Every form of the number. */
  readonly numbers: readonly string[];
}

/** What is going on at an instance that this process holds. */
interface Traffic {
  instance: InstanceRef;
  /** Stored calls that have not ended, by `keyOf`. */
  readonly live: Set<string>;
  readonly placing: Set<Placing>;
  /** When the newest stored call was requested that may count, monotonic; -Infinity: there is none. */
  lastCallAtMs: number;
}

/**
 * Lets calls in. Only the process that holds an instance places its calls, so it knows what is going on there: it reads the
 * rows once. What it remembers never keeps a call out by mistake, nor lets one in under limits of the past: before a refusal the rows
 * are read again, and the statement that stores the call compares the limits.
 */
@Injectable()
export class CallAdmission implements OnModuleInit {
  private readonly traffic = new Map<string, Promise<Traffic>>();
  /** Ids of the instances whose traffic is known, by account and name. */
  private readonly ids = new Map<string, string>();

  constructor(
    private readonly gateway: WhatsAppGateway,
    @Inject(InstancesService) private readonly instances: Pick<InstancesService, 'findById'>,
    private readonly calls: CallsRepository,
    private readonly deadlines: CallDeadlines,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.on(CallChanged, ({ instanceId, call }) => this.onCallChanged(instanceId, call));
    this.events.on(InstancesGained, ({ instanceIds }) => this.forget(instanceIds));
    this.events.on(InstancesLost, ({ instanceIds }) => this.forget(instanceIds));
    this.events.on(InstanceDeleted, ({ instance: { id, accountId, name } }) => {
      this.forget([id]);
      this.ids.delete(nameKey(accountId, name));
    });
  }

  /** The id of an instance that places calls here; `undefined`: it has to be looked up. */
  knownId(accountId: string, name: string): string | undefined {
    const id = this.ids.get(nameKey(accountId, name));
    // An instance that was deleted has no session, so that its name is looked up.
    return id !== undefined && this.gateway.sessionState(id) === 'connected' ? id : undefined;
  }

  /**
   * @throws CallInstanceNotFound, SessionNotConnected, TooManyCalls, WhatsAppRestricted, CallPacing, NumberCooldown,
   * DatabaseUnavailable
   */
  async admit(instanceId: string, request: FakeCallRequest): Promise<CallSlot> {
    const traffic = await this.trafficOf(instanceId);
    this.requireConnected(traffic.instance);
    const placing = { requestedAtMs: this.clock.monotonicMs(), numbers: numbersOf(request.callee) };
    const holdsToken = await this.holdsToken(traffic, request);
    if (this.refusal(traffic, request, holdsToken)) await this.takeNow(traffic, request, placing);
    else traffic.placing.add(placing);
    const slot = this.slotOf(traffic, request, placing);
    try {
      if (await this.cooldown(slot.instance, request)) await slot.review();
      return slot;
    } catch (error) {
      slot.close();
      throw error;
    }
  }

  private requireConnected({ id, isLinked }: InstanceRef): void {
    if (this.gateway.sessionState(id) === 'connected') return;
    throw new SessionNotConnected(isLinked ? this.gateway.secondsUntilConnected(id) : undefined);
  }

  private async holdsToken({ instance }: Traffic, { callee }: FakeCallRequest): Promise<boolean> {
    return dependsOnToken(instance, this.clock.now()) && this.gateway.holdsTokenOf(instance.id, callee);
  }

  private refusal(
    { instance, live, placing, lastCallAtMs }: Traffic,
    { callee }: FakeCallRequest,
    holdsToken: boolean,
  ): DomainError | undefined {
    const numbers = numbersOf(callee);
    const toNumber = [...placing].filter((other) => other.numbers.some((number) => numbers.includes(number)));
    const traffic = {
      liveCalls: live.size + placing.size,
      lastCallAt: this.newest(placing, lastCallAtMs),
      lastCallToNumberAt: this.newest(toNumber),
      firstEndInMs: () => this.deadlines.firstEndInMs(instance.id),
    };
    return refusalOf(instance, traffic, this.clock.now(), holdsToken);
  }

  /** The time of the newest request on the wall clock as it is now; `null`: there is none. */
  private newest(placing: Iterable<Placing>, storedAtMs = -Infinity): Date | null {
    let lastMs = storedAtMs;
    for (const { requestedAtMs } of placing) lastMs = Math.max(lastMs, requestedAtMs);
    return lastMs === -Infinity
      ? null
      : plusMs(this.clock.now(), Math.round(lastMs - this.clock.monotonicMs()));
  }

  /** Decides on what is stored now, and takes the place in the same turn of the event loop. @throws as `admit` for a lack of room */
  private async takeNow(traffic: Traffic, request: FakeCallRequest, placing: Placing): Promise<void> {
    await this.readAgain(traffic);
    const holdsToken = await this.holdsToken(traffic, request);
    const refusal = this.refusal(traffic, request, holdsToken);
    if (refusal) throw refusal;
    traffic.placing.add(placing);
  }

  private slotOf(traffic: Traffic, request: FakeCallRequest, placing: Placing): CallSlot {
    let { instance } = traffic;
    return {
      get instance() {
        return instance;
      },
      requestedAt: this.clock.now(),
      review: async () => {
        traffic.placing.delete(placing);
        await this.takeNow(traffic, request, placing);
        ({ instance } = traffic);
        const refusal = await this.cooldown(instance, request);
        if (refusal) throw refusal;
      },
      stored: () => {
        if (!traffic.placing.delete(placing)) return;
        traffic.lastCallAtMs = Math.max(traffic.lastCallAtMs, placing.requestedAtMs);
      },
      close: () => void traffic.placing.delete(placing),
    };
  }

  /** Of earlier calls to the number the rows are asked: nobody knows how many numbers there are. */
  private async cooldown(
    instance: InstanceRef,
    { callee }: FakeCallRequest,
  ): Promise<DomainError | undefined> {
    const now = this.clock.now();
    const from = startOfPause(now, instance.numberCooldownSeconds);
    if (!from) return undefined;
    const last = await this.calls.lastCallTo(instance.id, numbersOf(callee), from, now);
    return cooldownOf(instance, last, now);
  }

  private trafficOf(instanceId: string): Promise<Traffic> {
    const known = this.traffic.get(instanceId);
    if (known) return known;
    const read = this.read(instanceId);
    this.traffic.set(instanceId, read);
    read.catch(() => {
      if (this.traffic.get(instanceId) === read) this.traffic.delete(instanceId);
    });
    return read;
  }

  private async read(instanceId: string): Promise<Traffic> {
    const instance = await this.requireInstance(instanceId);
    const { liveCalls, lastCallAtMs } = await this.readCalls(instance);
    this.ids.set(nameKey(instance.accountId, instance.name), instanceId);
    return { instance, live: new Set(liveCalls), placing: new Set(), lastCallAtMs };
  }

  /** Calls that have ended without this process knowing hold no slot any more. */
  private async readAgain(traffic: Traffic): Promise<void> {
    const known = [...traffic.live];
    const instance = await this.requireInstance(traffic.instance.id);
    const { liveCalls, lastCallAtMs } = await this.readCalls(instance);
    traffic.instance = instance;
    traffic.lastCallAtMs = Math.max(traffic.lastCallAtMs, lastCallAtMs);
    const stored = new Set(liveCalls);
    for (const key of known) if (!stored.has(key)) traffic.live.delete(key);
  }

  /** @throws CallInstanceNotFound */
  async requireInstance(instanceId: string): Promise<InstanceRef> {
    const instance = await this.instances.findById(instanceId);
    if (!instance) {
      this.forget([instanceId]);
      throw new CallInstanceNotFound();
    }
    return instance;
  }

  private async readCalls({ id, minSecondsBetweenCalls }: InstanceRef) {
    const now = this.clock.now();
    const from = startOfPause(now, minSecondsBetweenCalls);
    const { liveCalls, lastCallAt } = await this.calls.trafficOf(id, from, now);
    const ageMs = lastCallAt ? now.getTime() - lastCallAt.getTime() : Infinity;
    return { liveCalls, lastCallAtMs: this.clock.monotonicMs() - ageMs };
  }

  private async onCallChanged(instanceId: string, call: Call): Promise<void> {
    const traffic = await this.traffic.get(instanceId)?.catch(() => undefined);
    if (call.state === 'ended') traffic?.live.delete(keyOf(call));
    else traffic?.live.add(keyOf(call));
  }

  private forget(instanceIds: readonly string[]): void {
    for (const instanceId of instanceIds) this.traffic.delete(instanceId);
  }
}

/** The same after an offer was made again under another id, and for rows without one. */
function keyOf({ callId, id }: Pick<Call, 'callId' | 'id'>): string {
  return callId ?? id;
}

function nameKey(accountId: string, name: string): string {
  return `${accountId} ${name}`;
}
