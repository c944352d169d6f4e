import { Controller, Get, Res, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiErrors } from '../common/http/api-errors.js';
import { BEARER_SCHEME, Public } from '../common/http/caller.js';
import { MetricsRegistry } from './metrics-registry.js';
import { MetricsTokenGuard } from './metrics-token.guard.js';

@ApiTags('Operations')
@ApiSecurity(BEARER_SCHEME)
@Public()
@UseGuards(MetricsTokenGuard)
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsRegistry) {}

  @Get()
  @ApiOperation({
    summary: 'Metrics for Prometheus',
    description: 'With `METRICS_TOKEN` set, that token is needed, sent like any other.',
  })
  @ApiProduces('text/plain')
  @ApiResponse({
    status: 200,
    description: 'Prometheus text format',
    content: {
      'text/plain': {
        schema: { type: 'string' },
        example: 'ringdrop_calls_ended_total{outcome="completed"} 3\n',
      },
    },
  })
  @ApiErrors(
    { status: 401, code: 'missing_token', message: 'Missing token in header' },
    { status: 401, code: 'invalid_token', message: 'Invalid token' },
  )
  async text(@Res({ passthrough: true }) response: Response): Promise<string> {
    const text = await this.metrics.text();
    response.setHeader('Content-Type', this.metrics.contentType);
    return text;
  }
}
