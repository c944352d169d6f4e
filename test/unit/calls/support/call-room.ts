import { randomUUID } from 'node:crypto';
import { CallClock } from '../../../../src/calls/call-clock.js';
import { CallsLifecycle, CallsOfInstances } from '../../../../src/calls/calls-lifecycle.js';
import { CallsService } from '../../../../src/calls/calls.service.js';
import { CallCancellation } from '../../../../src/calls/end/call-cancellation.js';
import { CallDeadlines } from '../../../../src/calls/end/call-deadlines.js';
import { CallHangUp } from '../../../../src/calls/end/call-hang-up.js';
import { CallSignalsListener } from '../../../../src/calls/end/call-signals.listener.js';
import { CallSweep } from '../../../../src/calls/end/call-sweep.js';
import { CallTakeover } from '../../../../src/calls/end/call-takeover.js';
import { CallChanged } from '../../../../src/calls/events.js';
import { IdempotentRequests } from '../../../../src/calls/idempotency/idempotent-requests.js';
import { replay } from '../../../../src/calls/idempotency/remembered-answer.js';
import { CallAdmission } from '../../../../src/calls/place/call-admission.js';
import type { FakeCallRequest } from '../../../../src/calls/place/fake-call.js';
import { PlaceCall } from '../../../../src/calls/place/place-call.js';
import { CallJournal } from '../../../../src/calls/store/call-journal.js';
import { InstancesGained } from '../../../../src/cluster/instances-gained.event.js';
import { OwnerCommands } from '../../../../src/cluster/owner-commands.js';
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
  readonly changes: CallChanged[] = [];
  /** Runs when a call changed. */
  onChanged: (event: CallChanged) => Promise<void> | void = () => undefined;
  /** How often an instance was looked up by its name. */
  lookups = 0;

  readonly service: CallsService;
  readonly deadlines: CallDeadlines;
  private readonly listener: CallSignalsListener;
  private readonly events: EventBus;
  private readonly lifecycle: CallsLifecycle;

  /** @param earlier a process that ended and left its tables behind */
  constructor(earlier?: CallRoom) {
    this.calls = earlier?.calls ?? new MemoryCalls();
    this.keys = earlier?.keys ?? new MemoryIdempotency(this.calls);
    if (earlier) {
      this.instance = earlier.instance;
      this.clock = new ManualClock(earlier.clock.now());
    }
    const { clock, log, whatsapp } = this;
    const { repository, lists, incoming } = this.calls;
    const events = new EventBus(log);
    this.events = events;
    events.on(CallChanged, (event) => {
      this.changes.push(event);
      return this.onChanged(event);
    });
    const instances = {
      find: (_: TenantCaller, name: string) => {
        this.lookups += 1;
        return Promise.resolve(name === this.instance.name ? this.instance : undefined);
      },
      findById: (id: string) => Promise.resolve(id === this.instance.id ? this.instance : undefined),
    };
    const times = new CallClock(clock);
    const journal = new CallJournal(repository, events, clock, log);
    const hangUps = new CallHangUp(whatsapp, journal, events, times);
    this.deadlines = new CallDeadlines(clock, times, hangUps, log);
    const sweep = new CallSweep(clock, repository, this.deadlines, log);
    const requests = new IdempotentRequests(this.keys, clock, log);
    const takeover = new CallTakeover(repository, journal, this.deadlines, sweep, whatsapp, log);
    const admission = new CallAdmission(whatsapp, instances, repository, this.deadlines, events, clock);
    admission.onModuleInit();
    const placing = new PlaceCall(
      requests,
      admission,
      whatsapp,
      journal,
      hangUps,
      this.deadlines,
      times,
      clock,
    );
    this.service = new CallsService(
      new OwnerCommands(),
      instances,
      admission,
      placing,
      new CallCancellation(repository, incoming, journal, hangUps, this.deadlines, times),
      repository,
      incoming,
      lists,
      new SecretBox([Buffer.alloc(32, 1)]),
    );
    this.service.onModuleInit();
    this.listener = new CallSignalsListener(whatsapp, journal, this.deadlines, times, takeover, log);
    new CallsOfInstances(events, requests, takeover, sweep, this.deadlines, clock, log).onModuleInit();
    this.lifecycle = new CallsLifecycle(
      placing,
      sweep,
      this.deadlines,
      this.listener,
      this.departure,
      clock,
      log,
    );
  }

  async start(): Promise<this> {
    this.listener.onModuleInit();
    await this.events.publish(new InstancesGained([this.instance.id]));
    await this.lifecycle.onApplicationBootstrap();
    return this;
  }

  async stop(): Promise<void> {
    await this.lifecycle.beforeApplicationShutdown();
  }

  place(request: Partial<FakeCallRequest> & { key?: string; instanceName?: string } = {}) {
    const { number = '5511999999999', durationSeconds = 8, key, instanceName = 'shop' } = request;
    const callee = request.callee ?? { kind: 'number', candidates: [number] };
    return this.service
      .placeFake(this.caller, instanceName, { callee, number, durationSeconds }, key ?? null)
      .then(({ answer, replayed }) => ({ ...replay(answer, this.clock.now()), replayed }));
  }

  /** Other limits of the instance than those that are remembered. */
  changeInstance(changes: Partial<InstanceRef>): void {
    this.instance = { ...this.instance, ...changes };
    this.calls.instance = this.instance;
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
