import {
  Controller,
  Delete,
  Get,
  Head,
  Header,
  HttpCode,
  Param,
  Post,
  Query,
  StreamableFile,
} from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOperation,
  ApiProduces,
  ApiResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiErrors } from '../common/http/api-errors.js';
import { ClientLeft, CurrentCaller, LongWait, type TenantCaller } from '../common/http/caller.js';
import { InstanceRoute } from '../common/http/instance-route.js';
import { MethodNotAllowed } from '../common/http/request.errors.js';
import { ERRORS } from './documented-errors.js';
import { AlreadyConnected } from './dto/already-connected.dto.js';
import { ConnectQuery } from './dto/connect-query.dto.js';
import { InstanceLoggedOut } from './dto/instance-logged-out.dto.js';
import { PairingCodeGenerated } from './dto/pairing-code-generated.dto.js';
import { QrCodeGenerated } from './dto/qr-code-generated.dto.js';
import { ReconnectInitiated } from './dto/reconnect-initiated.dto.js';
import { InstanceLinkingService } from './instance-linking.service.js';
import { toConnectAnswer } from './instance.views.js';
import { qrPicture } from './qr-picture.js';

const CONNECT_ANSWERS = [QrCodeGenerated, PairingCodeGenerated, AlreadyConnected];
const CONNECT_EXAMPLES = {
  qr: {
    summary: 'Without `number`',
    value: {
      success: true,
      message: 'QR code generated',
      qrCode: '2@Yh1cBk…,Zk9…,pQ4…,x7I=',
      qrCodeBase64: 'data:image/png;base64,iVBORw0KGgo…',
      status: 'qr',
    },
  },
  pairing: {
    summary: 'With `number`',
    value: {
      success: true,
      message: 'Pairing code generated',
      pairingCode: 'ABCD1234',
      status: 'pairing',
    },
  },
  connected: {
    summary: 'Nothing to do',
    value: { success: true, message: 'Instance already connected', status: 'connected' },
  },
};

@ApiTags('Linking')
@ApiExtraModels(...CONNECT_ANSWERS)
@Controller('instance')
export class InstanceLinkingController {
  constructor(private readonly linking: InstanceLinkingService) {}

  /** The route below would take it, and begin to link. */
  @InstanceRoute(Head, 'connect')
  refuseHead(): never {
    throw new MethodNotAllowed(['GET', 'OPTIONS']);
  }

  @InstanceRoute(Get, 'connect')
  @LongWait()
  @ApiOperation({
    summary: 'Link a phone by QR code or pairing code',
    description:
      'Waits until there is a code, at most 60 s. WhatsApp renews the QR code about every 20 s: ask again, or show ' +
      '`qr`. Scan it on the phone under *Linked devices*, or type the pairing code there. An instance with a saved ' +
      'session that is offline is reconnected instead.',
  })
  @ApiResponse({
    status: 200,
    description: 'A code to show, or nothing to do',
    content: {
      'application/json': {
        schema: { oneOf: CONNECT_ANSWERS.map((answer) => ({ $ref: getSchemaPath(answer) })) },
        examples: CONNECT_EXAMPLES,
      },
    },
  })
  @ApiErrors(
    ERRORS.invalidNumber,
    ERRORS.invalidQuery,
    ERRORS.notFound,
    ERRORS.passkeyRequired,
    ERRORS.linkingCancelled,
    ERRORS.linkingLimited,
    ERRORS.connectedTooOften,
    ERRORS.tooManyLinkings,
    ERRORS.linkingBusy,
    ERRORS.credentialsCorrupt,
    ERRORS.proxyPasswordUnreadable,
    ERRORS.unreachable,
    ERRORS.accountRestricted,
    ERRORS.versionRejected,
    ERRORS.linkingRefused,
    ERRORS.codeTimeout,
  )
  async connect(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Query() query: ConnectQuery,
    @ClientLeft() left: AbortSignal,
  ): Promise<QrCodeGenerated | PairingCodeGenerated | AlreadyConnected> {
    return toConnectAnswer(await this.linking.connect(caller, instance, query.toMethod(), left));
  }

  @InstanceRoute(Get, 'qr')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Picture of the QR code',
    description:
      'The code that can be scanned now. `GET /api/instance/connect/{instance}` starts linking: execute it first, and again when ' +
      'this answers 409 because nobody has scanned for some minutes.',
  })
  @ApiProduces('image/png')
  @ApiResponse({
    status: 200,
    description: 'The QR code',
    content: { 'image/png': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiErrors(ERRORS.notFound, ERRORS.noQrCode)
  async qr(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<StreamableFile> {
    const picture = await qrPicture(await this.linking.currentQr(caller, instance));
    return new StreamableFile(picture, { type: 'image/png' });
  }

  @InstanceRoute(Post, 'reconnect')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Open the saved session anew',
    description: 'Without waiting for the next attempt that is planned. An open session is closed first.',
  })
  @ApiResponse({ status: 200, description: 'The attempt has begun', type: ReconnectInitiated })
  @ApiErrors(
    ERRORS.noSavedSession,
    ERRORS.notFound,
    ERRORS.connectedTooOften,
    ERRORS.credentialsCorrupt,
    ERRORS.proxyPasswordUnreadable,
  )
  async reconnect(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<ReconnectInitiated> {
    await this.linking.reconnect(caller, instance);
    return { success: true, message: 'Reconnect initiated', status: 'connecting' };
  }

  @InstanceRoute(Delete, 'logout')
  @ApiOperation({
    summary: 'Unlink the phone',
    description:
      'Removes the device at WhatsApp, if it can be reached, and the saved session. The instance stays.',
  })
  @ApiResponse({ status: 200, description: 'Unlinked', type: InstanceLoggedOut })
  @ApiErrors(ERRORS.notFound)
  async logout(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<InstanceLoggedOut> {
    await this.linking.logout(caller, instance);
    return { success: true, message: 'Instance logged out', instance: { status: 'loggedout' } };
  }
}
