import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express, NextFunction, Request, Response } from 'express';
import { allowedMethods } from './common/http/allowed-methods.js';
import { dropUnreadBody } from './common/http/body-bytes.js';
import { corsOptions } from './common/http/cors.js';
import { reportDroppedConnections } from './common/http/dropped-connections.js';
import { ErrorFilter } from './common/http/error.filter.js';
import { warnOfIgnoredProxy } from './common/http/ignored-proxy.js';
import { JsonBodyInterceptor } from './common/http/json-body.js';
import { readableAddress } from './common/http/readable-address.js';
import { probesFirst } from './common/http/probes-first.js';
import { requestLimits } from './common/http/request-limits.js';
import { requestId } from './common/http/request-id.js';
import { RequestReports } from './common/http/request-reports.js';
import { securityHeaders } from './common/http/security-headers.js';
import { RequestValidationPipe } from './common/http/validation.pipe.js';
import { answerUnrouted } from './common/http/unrouted.js';
import { wholeAnswers } from './common/http/whole-answers.js';
import { EventBus } from './common/events/event-bus.js';
import { Log } from './common/logging/log.js';
import { Clock } from './common/time/clock.js';
import { AppConfig } from './config/app-config.js';
import { serveDocs } from './docs/serve-docs.js';

/** Roads that do not begin with `/api`. */
const OUTSIDE_THE_API = [
  'health',
  'health/live',
  'health/ready',
  'metrics',
  'console',
  'console/assets/:file',
  'pair/*path',
  'ws',
  'ws/:instance',
];

/**
 * Everything between the socket and the controllers, the same for the product and for tests in one process. The
 * application must be made on a `LimitedHttpAdapter` with `bodyParser: false`. Afterwards it only has to listen.
 */
export async function setUpApp(app: NestExpressApplication): Promise<void> {
  const errors = new ErrorFilter(app.get(Log));
  const reports = new RequestReports(app.get(Log), app.get(EventBus), app.get(Clock));
  const { trustedProxies, baseUrl, corsOrigins } = app.get(AppConfig);
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', trustedProxies);
  // What is refused further down may have a body, too.
  app.use(requestId, reports.watch.bind(reports), ...securityHeaders(baseUrl), dropUnreadBody);
  if (trustedProxies === 0) app.use(warnOfIgnoredProxy(app.get(Log)));
  if (corsOrigins.length > 0) app.enableCors(corsOptions(corsOrigins));
  app.use(probesFirst, requestLimits, wholeAnswers, readableAddress, allowedMethods);
  app.setGlobalPrefix('api', { exclude: OUTSIDE_THE_API });
  app.useGlobalFilters(errors);
  app.useGlobalInterceptors(new JsonBodyInterceptor());
  app.useGlobalPipes(new RequestValidationPipe());
  const express: Express = app.getHttpAdapter().getInstance();
  express.get('/', (_request, response) => response.redirect(302, '/docs'));
  serveDocs(app);
  await app.init();
  answerUnrouted(app, errors);
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) =>
    errors.answer(error, response),
  );
  const server = app.getHttpServer();
  reportDroppedConnections(server, app.get(AppConfig), app.get(Log), app.get(Clock));
  server.once('close', () => reports.flush());
}
