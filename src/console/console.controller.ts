import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../common/http/caller.js';
import { LocalAssets } from '../common/http/local-assets.js';
import { sendPage } from '../common/http/page-headers.js';

const PUBLIC_DIRECTORY = path.join(import.meta.dirname, 'public');

/** The operator's console: one page that talks to the API with the token that is typed into it. */
@ApiExcludeController()
@Public()
@Controller('console')
export class ConsoleController {
  private readonly page = readFileSync(path.join(PUBLIC_DIRECTORY, 'console.html'), 'utf8');
  private readonly assets = new LocalAssets(PUBLIC_DIRECTORY);

  @Get()
  show(@Res() response: Response): void {
    sendPage(response, this.page);
  }

  @Get('assets/:file')
  asset(@Param('file') file: string, @Res() response: Response): void {
    this.assets.send(file, response);
  }
}
