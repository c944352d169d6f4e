import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { CallChanged } from './events.js';
import { ringSecondsOf } from './call-times.js';
import type { Call } from './store/call.entity.js';

/** The life of a call in the log: two lines at `info`, what is between them at `debug`. */
@Injectable()
export class CallLogListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.events.on(CallChanged, ({ call }) => this.note(call));
  }

  private note(call: Call): void {
    const { callId, instanceId, state, outcome, failureCode, durationSeconds, callerTimeoutSeconds } = call;
    const line = { callId, instanceId };
    if (state === 'offering') this.log.info('A call is about to leave', { ...line, durationSeconds });
    else if (state === 'ended') {
      const ringSeconds = ringSecondsOf(call);
      this.log.info('A call ended', { ...line, outcome, failureCode, ringSeconds, callerTimeoutSeconds });
    } else this.log.debug('A call moved on', { ...line, state });
  }
}
