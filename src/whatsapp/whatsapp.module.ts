import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BaileysGateway } from './baileys/baileys.gateway.js';
import { SessionCredentialsEntity } from './session-store/session-credentials.entity.js';
import { SessionKeyEntity } from './session-store/session-key.entity.js';
import { SessionStore } from './session-store/session-store.js';
import { WhatsAppGateway } from './whatsapp.gateway.js';

@Module({
  imports: [TypeOrmModule.forFeature([SessionCredentialsEntity, SessionKeyEntity])],
  providers: [SessionStore, { provide: WhatsAppGateway, useClass: BaileysGateway }],
  exports: [WhatsAppGateway],
})
export class WhatsAppModule {}
