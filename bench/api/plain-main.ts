import 'reflect-metadata';
import { Body, Controller, HttpCode, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { RequestValidationPipe } from '../../src/common/http/validation.pipe.js';
import { FakeCallDto } from '../../src/calls/api/requests.js';
import { serveParent } from '../support/remote.js';

/** The same route with the same body, and nothing behind it: what the framework itself costs. */
@Controller('api/call')
class PlainController {
  @Post('fake/:instance')
  @HttpCode(200)
  placeFake(@Param('instance') instance: string, @Body() body: FakeCallDto): Record<string, unknown> {
    const { number, durationSeconds: duration } = body.toRequest();
    return { success: true, message: 'Call placed successfully', callId: instance, number, duration };
  }
}

@Module({ controllers: [PlainController] })
class PlainModule {}

const app = await NestFactory.create<NestExpressApplication>(PlainModule, { logger: false });
app.useGlobalPipes(new RequestValidationPipe());
await app.listen(0, '127.0.0.1');

const handlers = { url: (_: null) => app.getUrl() };

export type PlainHandlers = typeof handlers;

serveParent(handlers);
