import {
  Body,
  Controller,
  Get,
  Head,
  HttpCode,
  Param,
  Post,
  Req,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Public } from '../common/http/caller.js';
import { sendPage } from '../common/http/page-headers.js';
import { Clock } from '../common/time/clock.js';
import { toConnectAnswer } from '../instances/instance.views.js';
import { AddressLimitGuard } from './address-limit.guard.js';
import { LinkingStarted } from './dto/linking-started.dto.js';
import { PairingCodeBody } from './dto/pairing-code-body.dto.js';
import { EventStream } from './event-stream.js';
import { pairingPage } from './page-html.js';
import { PAIRING_PAGE_POLICY } from './page-policy.js';
import { PairingLinks } from './pairing-links.service.js';
import { PairingPageFilter } from './pairing-page.filter.js';
import { PairingRooms } from './pairing-rooms.js';
import { textsFor } from './texts/languages.js';

/** The same as the API's `connect` answers. */
type ConnectAnswer = Awaited<ReturnType<typeof toConnectAnswer>>;

/** The page for the owner of a phone, and what it talks to. The address alone says what may be seen. */
@ApiExcludeController()
@Public()
@UseGuards(AddressLimitGuard)
@Controller('pair')
export class PairingPageController {
  constructor(
    private readonly links: PairingLinks,
    private readonly rooms: PairingRooms,
    private readonly clock: Clock,
  ) {}

  /** Starts nothing: programs that preview links in chats fetch it too. */
  @Get(':share')
  @UseFilters(PairingPageFilter)
  async page(
    @Param('share') share: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const { expiresAt } = await this.links.open(share);
    const { language, texts } = textsFor(request.get('accept-language'));
    sendPage(response, pairingPage(language, texts, expiresAt), PAIRING_PAGE_POLICY);
  }

  /** Otherwise the route below would answer, and look at the page without reading. */
  @Head(':share/events')
  async lookForEvents(@Param('share') share: string): Promise<void> {
    await this.links.open(share);
  }

  @Get(':share/events')
  async events(
    @Param('share') share: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const link = await this.links.open(share);
    const isReturn = request.get('last-event-id') !== undefined;
    this.rooms.watch(link, new EventStream(response, this.clock), isReturn);
  }

  @Post(':share/start')
  @HttpCode(200)
  async start(@Param('share') share: string): Promise<LinkingStarted> {
    const link = await this.links.openUnused(share);
    await this.rooms.begin(link, { kind: 'qr' });
    return { success: true, message: 'Linking started' };
  }

  @Post(':share/code')
  @HttpCode(200)
  async code(@Param('share') share: string, @Body() body: PairingCodeBody): Promise<ConnectAnswer> {
    const link = await this.links.openUnused(share);
    return toConnectAnswer(await this.rooms.begin(link, body.toMethod()));
  }
}
