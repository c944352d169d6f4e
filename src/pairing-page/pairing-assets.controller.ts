import path from 'node:path';
import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../common/http/caller.js';
import { LocalAssets } from '../common/http/local-assets.js';

/** Scripts and styles of the pairing page: the same for everybody, so nobody is counted here. */
@ApiExcludeController()
@Public()
@Controller('pair/assets')
export class PairingAssetsController {
  private readonly assets = new LocalAssets(path.join(import.meta.dirname, 'public'));

  @Get(':file')
  send(@Param('file') file: string, @Res() response: Response): void {
    this.assets.send(file, response);
  }
}
