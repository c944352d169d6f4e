import { randomUUID } from 'node:crypto';
import { CallCancellation } from '../../../../src/calls/call-cancellation.js';
import { CallChanged } from '../../../../src/calls/call-changed.event.js';
import { LocalCommands } from '../../../../src/cluster/local-commands.js';
import { CallClock } from '../../../../src/calls/call-clock.js';
import { CallCommands } from '../../../../src/calls/call-commands.js';
import { CallDeadlines } from '../../../../src/calls/call-deadlines.js';
import { CallHangUp } from '../../../../src/calls/call-hang-up.js';
import { CallJournal } from '../../../../src/calls/call-journal.js';
import { CallPlacement } from '../../../../src/calls/call-placement.js';
import { CallPreparation } from '../../../../src/calls/call-preparation.js';
import { CallQueries } from '../../../../src/calls/call-queries.js';
import { CallRecovery } from '../../../../src/calls/call-recovery.js';
import { CallSignalsListener } from '../../../../src/calls/call-signals.listener.js';
import { CallSweep } from '../../../../src/calls/call-sweep.js';
import { CallsService } from '../../../../src/calls/calls.service.js';
import { CallsStart } from '../../../../src/calls/calls-start.js';
import { CallsStop } from '../../../../src/calls/calls-stop.js';
import type { FakeCallRequest } from '../../../../src/calls/fake-call-request.js';
import { MovingCallsListener } from '../../../../src/calls/moving-calls.listener.js';
import { InstancesGained } from '../../../../src/cluster/instances-gained.event.js';
import { IdempotentRequests } from '../../../../src/calls/idempotent-requests.js';
import { InstanceLookup } from '../../../../src/calls/instance-lookup.js';
import { SecretBox } from '../../../../src/common/crypto/secret-box.js';
import { EventBus } from '../../../../src/common/events/event-bus.js';
import type { TenantCaller } from '../../../../src/common/http/caller.js';
import type { InstanceRef } from '../../../../src/instances/instance-values.js';
import type { CallSignal } from '../../../../src/whatsapp/whatsapp-signals.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';
import { FakeWhatsApp } from './fake-whatsapp.js';
import { MemoryCalls } from './memory-calls.js';
import { MemoryIdempotency } from './memory-idempotency.js';

type Untimed<T> = T extends CallSignal ? Omit<T, 'instanceId' | 'at'> : never;

/** Everything of src/calls that works behind the controller, on a fake WhatsApp, a table in memory and a clock that is moved by hand. */
export class CallRoom {
  readonly caller: TenantCaller = { kind: 'account', accountId: randomUUID() };
  instance: InstanceRef = {
    id: randomUUID(),
    accountId: this.caller.accountId,
    name: 'shop',
    isLinked: true,
    maxConcurrentCalls: 100,
    minSecondsBetweenCalls: 0,
    numberCooldownSeconds: 0,
    restriction: null,
  };
  readonly clock = new ManualClock();
  /** Whether another process goes on with the calls when this one stops. */
  readonly departure = { handsOver: false };
  readonly log = new SilentLog();
  readonly whatsapp = new FakeWhatsApp();
  readonly calls: MemoryCalls;
  readonly keys: MemoryIdempotency;
  readonly told: CallChanged[] = [];
  /** Runs when something is told about a call. */
  onTold: (event: CallChanged) => Promise<void> | void = () => undefined;

  readonly commands: CallCommands;
  readonly queries: CallQueries;
  readonly deadlines: CallDeadlines;
  private readonly listener: CallSignalsListener;
  private readonly events: EventBus;
  private readonly moving: MovingCallsListener;
  private readonly starting: CallsStart;
  private readonly stopping: CallsStop;

  /** @param earlier a process that ended and left its tables behind */
  constructor(earlier?: CallRoom) {
    this.calls = earlier?.calls ?? new MemoryCalls();
    this.keys = earlier?.keys ?? new MemoryIdempotency(this.calls);
    if (earlier) {
      this.instance = earlier.instance;
      this.clock = new ManualClock(earlier.clock.now());
    }
    const { clock, log, whatsapp } = this;
    const { repository, slots, live, lists, incoming } = this.calls;
    const events = new EventBus(log);
    this.events = events;
    events.on(CallChanged, (event) => {
      this.told.push(event);
      return this.onTold(event);
    });
    const lookup = new InstanceLookup({
      find: (_, name) => Promise.resolve(name === this.instance.name ? this.instance : undefined),
    });
    const times = new CallClock(clock);
    const journal = new CallJournal(repository, events, clock, log);
    const hangUps = new CallHangUp(whatsapp, journal, events, times);
    this.deadlines = new CallDeadlines(clock, times, hangUps, log);
    const sweep = new CallSweep(clock, times, live, this.deadlines, journal, log);
    const preparation = new CallPreparation(whatsapp, slots, journal, this.deadlines, times, clock);
    const placement = new CallPlacement(preparation, journal, hangUps, this.deadlines, times);
    const requests = new IdempotentRequests(this.keys, clock, log);
    const recovery = new CallRecovery(live, this.deadlines, sweep, whatsapp, log);
    this.queries = new CallQueries(lookup, repository, incoming, lists, new SecretBox([Buffer.alloc(32, 1)]));
    this.commands = new CallCommands(
      new LocalCommands(),
      lookup,
      new CallsService(placement, requests),
      new CallCancellation(repository, incoming, hangUps, this.deadlines, times),
      this.queries,
      clock,
    );
    this.listener = new CallSignalsListener(whatsapp, journal, this.deadlines, times, recovery, log);
    this.moving = new MovingCallsListener(events, requests, recovery, clock, log);
    this.starting = new CallsStart(sweep);
    this.stopping = new CallsStop(placement, sweep, this.listener, this.departure, clock);
  }

  async start(): Promise<this> {
    this.listener.onModuleInit();
    this.moving.onModuleInit();
    await this.events.publish(new InstancesGained([this.instance.id]));
    this.starting.onApplicationBootstrap();
    return this;
  }

  async stop(): Promise<void> {
    await this.stopping.beforeApplicationShutdown();
  }

  place(request: Partial<FakeCallRequest> & { key?: string; instanceName?: string } = {}) {
    const { number = '5511999999999', durationSeconds = 8, key, instanceName = 'shop' } = request;
    const callee = request.callee ?? { kind: 'number', candidates: [number] };
    return this.commands.placeFake(this.caller, instanceName, { callee, number, durationSeconds }, key);
  }

  /** WhatsApp tells something about a call, and it is written down. */
  async hear(signal: Untimed<CallSignal>): Promise<void> {
    this.whatsapp.emit({ ...signal, instanceId: this.instance.id, at: this.clock.now() });
    await this.listener.idle();
  }

  async reconnect(): Promise<void> {
    this.whatsapp.state = 'connected';
    const { id: instanceId } = this.instance;
    this.whatsapp.emit({ type: 'connected', instanceId, at: this.clock.now(), jid: '1@lid', name: null });
    await this.listener.idle();
    await this.clock.advance(0);
  }
}
