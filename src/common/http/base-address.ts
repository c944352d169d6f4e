import { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AppConfig } from '../../config/app-config.js';

/** Where clients reach the product, as events tell it. */
@Injectable()
export class BaseAddress {
  constructor(
    private readonly config: AppConfig,
    private readonly http: HttpAdapterHost,
  ) {}

  /** Without a trailing slash. Before the server listens it is the configured port. */
  current(): string {
    const { baseUrl, host, port } = this.config;
    if (baseUrl !== undefined) return baseUrl;
    const server: unknown = this.http.httpAdapter.getHttpServer();
    const address = server instanceof Server ? server.address() : null;
    const listening = typeof address === 'object' && address !== null ? address.port : port;
    return `http://${host.includes(':') ? `[${host}]` : host}:${listening}`;
  }
}
