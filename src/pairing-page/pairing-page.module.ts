import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { InstancesModule } from '../instances/instances.module.js';
import { AttemptBudget } from './attempt-budget.js';
import { PairingAssetsController } from './pairing-assets.controller.js';
import { PairingEventsListener } from './pairing-events.listener.js';
import { PairingLinks } from './pairing-links.service.js';
import { PairingPageController } from './pairing-page.controller.js';
import { PairingRooms } from './pairing-rooms.js';
import { PairingShareController } from './pairing-share.controller.js';
import { PhoneLinking } from './phone-linking.js';
import { SharedInstancesRepository } from './shared-instances.repository.js';

/** Lets the owner of a phone link it without a token. */
@Module({
  imports: [AuthModule, InstancesModule],
  // Assets first: their path would be a share to the page.
  controllers: [PairingShareController, PairingAssetsController, PairingPageController],
  providers: [
    AttemptBudget,
    PairingEventsListener,
    PairingLinks,
    PairingRooms,
    PhoneLinking,
    SharedInstancesRepository,
  ],
})
export class PairingPageModule {}
