import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../common/http/caller.js';
import { HealthReportDto } from './dto/health-report.dto.js';
import { LivenessDto } from './dto/liveness.dto.js';
import { HealthService } from './health.service.js';

const STATUS: Record<HealthReportDto['status'], HttpStatus> = {
  ok: HttpStatus.OK,
  degraded: HttpStatus.SERVICE_UNAVAILABLE,
};

@ApiTags('Operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @ApiOperation({ summary: 'Is the service well?', description: 'For people and monitors.' })
  @ApiResponse({ status: 200, description: 'Everything works', type: HealthReportDto })
  @ApiResponse({ status: 503, description: 'A check failed; `checks` tells which', type: HealthReportDto })
  report(@Res({ passthrough: true }) response: Response): Promise<HealthReportDto> {
    return this.answer(response, this.health.report());
  }

  @Get('live')
  @ApiOperation({
    summary: 'Is the process alive?',
    description: 'Asks nothing else: a restart would not help.',
  })
  @ApiResponse({ status: 200, description: 'Alive', type: LivenessDto })
  live(): LivenessDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'May requests be sent here?',
    description: 'For load balancers and orchestrators.',
  })
  @ApiResponse({ status: 200, description: 'Ready', type: HealthReportDto })
  @ApiResponse({ status: 503, description: 'Not ready', type: HealthReportDto })
  ready(@Res({ passthrough: true }) response: Response): Promise<HealthReportDto> {
    return this.answer(response, this.health.readiness());
  }

  private async answer(response: Response, asked: Promise<HealthReportDto>): Promise<HealthReportDto> {
    const report = await asked;
    response.status(STATUS[report.status]);
    return report;
  }
}
