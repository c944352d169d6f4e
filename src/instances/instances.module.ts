import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { WhatsAppModule } from '../whatsapp/whatsapp.module.js';
import { AccountEventsListener } from './account-events.listener.js';
import { ConnectionSignalsListener } from './connection-signals.listener.js';
import { DisabledAccounts } from './disabled-accounts.js';
import { GainedInstancesListener } from './gained-instances.listener.js';
import { IncomingCallRules } from './incoming-call-rules.js';
import { InstanceConfigurationController } from './instance-configuration.controller.js';
import { InstanceConfigurationService } from './instance-configuration.service.js';
import { InstanceLinkingController } from './instance-linking.controller.js';
import { InstanceLinkingService } from './instance-linking.service.js';
import { InstanceNamesListener } from './instance-names.listener.js';
import { InstanceNewsListener } from './instance-news.listener.js';
import { InstanceSessions } from './instance-sessions.js';
import { InstanceStates } from './instance-states.js';
import { InstanceStatusRepository } from './instance-status.repository.js';
import { InstancesController } from './instances.controller.js';
import { InstancesLifecycle } from './instances-lifecycle.js';
import { InstancesRepository } from './instances.repository.js';
import { InstancesService } from './instances.service.js';
import { LostInstancesListener } from './lost-instances.listener.js';
import { PasskeyRequests } from './passkey-requests.js';
import { RestrictionExpiry } from './restriction-expiry.js';
import { SessionCommands } from './session-commands.js';
import { SessionOpener } from './session-opener.js';
import { SessionRestoring } from './session-restoring.js';

@Module({
  imports: [AccountsModule, WhatsAppModule],
  // In the order in which the documentation shows their routes.
  controllers: [InstancesController, InstanceLinkingController, InstanceConfigurationController],
  providers: [
    AccountEventsListener,
    ConnectionSignalsListener,
    DisabledAccounts,
    GainedInstancesListener,
    IncomingCallRules,
    InstanceConfigurationService,
    InstanceLinkingService,
    InstanceNamesListener,
    InstanceNewsListener,
    InstanceSessions,
    InstanceStates,
    InstanceStatusRepository,
    InstancesLifecycle,
    InstancesRepository,
    InstancesService,
    LostInstancesListener,
    PasskeyRequests,
    RestrictionExpiry,
    SessionCommands,
    SessionOpener,
    SessionRestoring,
  ],
  exports: [IncomingCallRules, InstancesService, SessionCommands],
})
export class InstancesModule {}
