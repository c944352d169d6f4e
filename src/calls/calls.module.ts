import { Module } from '@nestjs/common';
import { InstancesModule } from '../instances/instances.module.js';
import { WhatsAppModule } from '../whatsapp/whatsapp.module.js';
import { CallCancellation } from './call-cancellation.js';
import { CallClock } from './call-clock.js';
import { CallCommands } from './call-commands.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallHangUp } from './call-hang-up.js';
import { CallListsRepository } from './call-lists.repository.js';
import { CallJournal } from './call-journal.js';
import { CallLogListener } from './call-log.listener.js';
import { CallPlacement } from './call-placement.js';
import { CallPreparation } from './call-preparation.js';
import { CallQueries } from './call-queries.js';
import { CallRecovery } from './call-recovery.js';
import { CallRetention } from './call-retention.js';
import { CallSignalsListener } from './call-signals.listener.js';
import { CallSlotsRepository } from './call-slots.repository.js';
import { CallSweep } from './call-sweep.js';
import { CallsController } from './calls.controller.js';
import { CallsRepository } from './calls.repository.js';
import { CallsService } from './calls.service.js';
import { CallsDrain } from './calls-drain.js';
import { CallsStart } from './calls-start.js';
import { CallsStop } from './calls-stop.js';
import { IdempotencyExpiry } from './idempotency-expiry.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { IdempotentRequests } from './idempotent-requests.js';
import { IncomingCallsListener } from './incoming-calls.listener.js';
import { IncomingCallsRepository } from './incoming-calls.repository.js';
import { InstanceLookup } from './instance-lookup.js';
import { LeavingInstancesListener } from './leaving-instances.listener.js';
import { LiveCallsRepository } from './live-calls.repository.js';
import { MovingCallsListener } from './moving-calls.listener.js';

@Module({
  imports: [InstancesModule, WhatsAppModule],
  controllers: [CallsController],
  providers: [
    CallsService,
    InstanceLookup,
    CallQueries,
    CallCancellation,
    CallCommands,
    CallPlacement,
    CallPreparation,
    CallJournal,
    CallClock,
    CallHangUp,
    CallDeadlines,
    CallSweep,
    CallRecovery,
    CallSignalsListener,
    CallLogListener,
    IncomingCallsListener,
    LeavingInstancesListener,
    MovingCallsListener,
    CallsDrain,
    CallsStart,
    CallsStop,
    IdempotentRequests,
    IdempotencyExpiry,
    CallRetention,
    CallsRepository,
    CallListsRepository,
    IncomingCallsRepository,
    CallSlotsRepository,
    LiveCallsRepository,
    IdempotencyRepository,
  ],
})
export class CallsModule {}
