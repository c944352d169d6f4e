import type { Request, Response } from 'express';
import { APP_GUARD } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { Controller, HttpCode, Post, Body, type ExecutionContext } from '@nestjs/common';
import { Authenticator } from '../../../../src/auth/authenticator.js';
import { countRequest } from '../../../../src/auth/count-request.js';
import { FailedTokens } from '../../../../src/auth/failed-tokens.js';
import { RefusalPace } from '../../../../src/auth/refusal-pace.js';
import { FixedWindowStorage } from '../../../../src/auth/fixed-window-storage.js';
import { presentedToken } from '../../../../src/auth/presented-token.js';
import { RateLimit } from '../../../../src/auth/rate-limit.js';
import { TokenGuard } from '../../../../src/auth/token.guard.js';
import { WindowStorage } from '../../../../src/auth/window-storage.js';
import { EventBus } from '../../../../src/common/events/event-bus.js';
import { Public, type Caller, type RequestWithCaller } from '../../../../src/common/http/caller.js';
import { answerClientError } from '../../../../src/common/http/client-error.js';
import { ErrorFilter } from '../../../../src/common/http/error.filter.js';
import { JsonBodyInterceptor } from '../../../../src/common/http/json-body.js';
import { requestId } from '../../../../src/common/http/request-id.js';
import { RouteNotFound } from '../../../../src/common/http/request.errors.js';
import { RequestShapeGuard } from '../../../../src/common/http/request-shape.guard.js';
import { RequestValidationPipe } from '../../../../src/common/http/validation.pipe.js';
import { Log } from '../../../../src/common/logging/log.js';
import { Clock } from '../../../../src/common/time/clock.js';
import { AppConfig, parseAppConfig } from '../../../../src/config/app-config.js';
import { EventSockets } from '../../../../src/live/event-sockets.js';
import { LinkedNews } from '../../../../src/cluster/linked-news.js';
import { NoLink } from '../../../../src/cluster/no-link.js';
import { NodeNews } from '../../../../src/cluster/node-news.js';
import { LiveEventsListener } from '../../../../src/live/live-events.listener.js';
import { SocketAccess, SocketHeartbeat } from '../../../../src/live/socket-access.js';
import { WebSocketConnections } from '../../../../src/live/websocket-connections.js';
import { WebSocketHandshake } from '../../../../src/live/websocket-handshake.js';
import { WebSocketSettingsController } from '../../../../src/live/websocket-settings.controller.js';
import { WebSocketSettingsRepository } from '../../../../src/live/websocket-settings.repository.js';
import { WebSocketSettingsService } from '../../../../src/live/websocket-settings.service.js';
import { WebSocketUpgrades } from '../../../../src/live/websocket-upgrades.js';
import { WebSocketController } from '../../../../src/live/websocket.controller.js';
import { InstancesService } from '../../../../src/instances/instances.service.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';
import { MemoryInstances } from './memory-instances.js';

export const ACCOUNT_TOKEN = 'rda_account';
export const SHOP_TOKEN = 'rdi_shop';
export const STRANGER_TOKEN = 'rda_stranger';
export const SHOP_ID = 'instance-shop';
export const OTHER_ID = 'instance-other';
export const MAX_WEBSOCKETS_PER_ACCOUNT = 25;
export const REQUESTS_PER_MINUTE = 60;

/** Recognises tokens until they are revoked. */
class RevocableTokens {
  readonly callers = new Map<string, Caller>([
    [ACCOUNT_TOKEN, { kind: 'account', accountId: 'a1' }],
    [SHOP_TOKEN, { kind: 'instance', accountId: 'a1', instanceId: SHOP_ID, instanceName: 'shop' }],
    [STRANGER_TOKEN, { kind: 'account', accountId: 'a2' }],
  ]);

  callerOf(token: string): Promise<Caller | undefined> {
    return Promise.resolve(this.callers.get(token));
  }
}

/** Counts as the product does, without the throttler, which Jest cannot load on Node 20. */
class WindowRateLimit extends RateLimit {
  private readonly storage: FixedWindowStorage;

  constructor(private readonly clock: Clock) {
    super();
    this.storage = new FixedWindowStorage(clock);
  }

  async count(context: ExecutionContext): Promise<void> {
    const request = context.switchToHttp().getRequest<RequestWithCaller>();
    const tracker = request.caller ? `token:${presentedToken(request.headers)}` : `address:${request.ip}`;
    const budget = { name: 'requests', tracker, limit: REQUESTS_PER_MINUTE, ttlMs: 60_000 };
    await countRequest(budget, this.storage, this.clock, context.switchToHttp().getResponse());
  }
}

@Controller()
class EchoController {
  @Post('echo')
  @Public()
  @HttpCode(200)
  echo(@Body() body: object): object {
    return body;
  }
}

/** The WebSocket routes behind the real guards, on a real port, without a database. */
export class SocketApp {
  readonly clock = new ManualClock();
  readonly log = new SilentLog();
  readonly tokens = new RevocableTokens();
  readonly instances = new MemoryInstances([
    { id: SHOP_ID, accountId: 'a1', name: 'shop' },
    { id: OTHER_ID, accountId: 'a1', name: 'other' },
  ]);
  port = 0;
  private app: NestExpressApplication;

  static async start(): Promise<SocketApp> {
    const socketApp = new SocketApp();
    await socketApp.listen();
    return socketApp;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get events(): EventBus {
    return this.app.get(EventBus);
  }

  get sockets(): EventSockets {
    return this.app.get(EventSockets);
  }

  stop(): Promise<void> {
    return this.app.close();
  }

  private async listen(): Promise<void> {
    const module = await Test.createTestingModule({
      controllers: [WebSocketSettingsController, WebSocketController, EchoController],
      providers: [
        { provide: Clock, useValue: this.clock },
        { provide: Log, useValue: this.log },
        { provide: Authenticator, useValue: this.tokens },
        { provide: InstancesService, useValue: this.instances },
        { provide: WebSocketSettingsRepository, useValue: this.instances },
        { provide: RateLimit, useValue: new WindowRateLimit(this.clock) },
        { provide: WindowStorage, useValue: new FixedWindowStorage(this.clock) },
        {
          provide: AppConfig,
          useValue: parseAppConfig({ MAX_WEBSOCKETS_PER_ACCOUNT: String(MAX_WEBSOCKETS_PER_ACCOUNT) }),
        },
        FailedTokens,
        RefusalPace,
        { provide: APP_GUARD, useClass: TokenGuard },
        { provide: APP_GUARD, useClass: RequestShapeGuard },
        EventBus,
        EventSockets,
        LiveEventsListener,
        { provide: NodeNews, useValue: new LinkedNews(new NoLink(), new SilentLog()) },
        SocketAccess,
        SocketHeartbeat,
        WebSocketConnections,
        WebSocketHandshake,
        WebSocketSettingsService,
        WebSocketUpgrades,
      ],
    }).compile();
    this.app = module.createNestApplication<NestExpressApplication>({ bodyParser: false });
    this.app.use(requestId);
    this.app.useGlobalInterceptors(new JsonBodyInterceptor());
    this.app.setGlobalPrefix('api', { exclude: ['ws', 'ws/:instance'] });
    this.app.useGlobalFilters(new ErrorFilter(this.log));
    this.app.useGlobalPipes(new RequestValidationPipe());
    await this.app.init();
    const errors = new ErrorFilter(this.log);
    this.app.use((_request: Request, response: Response) => errors.answer(new RouteNotFound(), response));
    await this.app.listen(0, '127.0.0.1');
    const server = this.app.getHttpServer();
    server.on('clientError', answerClientError);
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
    this.port = address.port;
  }
}
