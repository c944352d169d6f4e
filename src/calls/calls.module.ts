import { Module } from '@nestjs/common';
import { InstancesModule } from '../instances/instances.module.js';
import { WhatsAppModule } from '../whatsapp/whatsapp.module.js';
import { CallsController } from './api/calls.controller.js';
import { CallClock } from './call-clock.js';
import { CallLogListener } from './call-log.listener.js';
import { CallsLifecycle, CallsOfInstances } from './calls-lifecycle.js';
import { CallsService } from './calls.service.js';
import { CallCancellation } from './end/call-cancellation.js';
import { CallDeadlines } from './end/call-deadlines.js';
import { CallHangUp } from './end/call-hang-up.js';
import { CallSignalsListener } from './end/call-signals.listener.js';
import { CallSweep } from './end/call-sweep.js';
import { CallTakeover } from './end/call-takeover.js';
import { IdempotencyRepository } from './idempotency/idempotency.repository.js';
import { IdempotencyExpiry, IdempotentRequests } from './idempotency/idempotent-requests.js';
import { IncomingCallsListener } from './incoming/incoming-calls.listener.js';
import { IncomingCallsRepository } from './incoming/incoming-calls.repository.js';
import { CallListsRepository } from './lists/call-lists.repository.js';
import { CallAdmission } from './place/call-admission.js';
import { PlaceCall } from './place/place-call.js';
import { CallJournal } from './store/call-journal.js';
import { CallRetention } from './store/call-retention.js';
import { CallsRepository } from './store/calls.repository.js';

@Module({
  imports: [InstancesModule, WhatsAppModule],
  controllers: [CallsController],
  providers: [
    CallsService,
    PlaceCall,
    CallAdmission,
    IdempotentRequests,
    IdempotencyExpiry,
    CallJournal,
    CallClock,
    CallHangUp,
    CallDeadlines,
    CallSweep,
    CallTakeover,
    CallCancellation,
    CallSignalsListener,
    CallLogListener,
    IncomingCallsListener,
    CallsOfInstances,
    CallsLifecycle,
    CallRetention,
    CallsRepository,
    CallListsRepository,
    IncomingCallsRepository,
    IdempotencyRepository,
  ],
})
export class CallsModule {}
