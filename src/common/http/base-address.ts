import { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AppConfig } from '../config/app-config.js';

/** Where clients reach the product, as events tell it. */
@Injectable()
export class BaseAddress {
  constructor(
    private readonly config: AppConfig,
    private readonly http: HttpAdapterHost,
  ) {}

  /** Without a trailing slash; `undefined` = nothing is configured and the server does not listen yet. */
  current(): string | undefined {
    if (this.config.baseUrl !== undefined) return this.config.baseUrl;
    const server: unknown = this.http.httpAdapter.getHttpServer();
    if (!(server instanceof Server)) return undefined;
    const address = server.address();
    if (typeof address !== 'object' || address === null) return undefined;
    const { host } = this.config;
    return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  }
}
