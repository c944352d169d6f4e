import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { statusOf } from '../common/http/error.filter.js';
import { sendPage } from '../common/http/page-headers.js';
import { DomainError } from '../common/errors/domain-error.js';
import { refusalPage } from './page-html.js';
import { PAIRING_PAGE_POLICY } from './page-policy.js';
import { textsFor } from './texts/languages.js';

/** Tells a person, not a program, why there is no page to see. */
@Catch(DomainError)
export class PairingPageFilter implements ExceptionFilter<DomainError> {
  catch(error: DomainError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const response = http.getResponse<Response>();
    const { language, texts } = textsFor(http.getRequest<Request>().get('accept-language'));
    response.status(statusOf(error)).setHeader('X-Error-Code', error.code);
    if (error.retryAfterSeconds !== undefined) {
      response.setHeader('Retry-After', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
    }
    const words = error.kind === 'rate_limited' ? texts.tooManyRequests : texts.invalidLink;
    sendPage(response, refusalPage(language, texts, words), PAIRING_PAGE_POLICY);
  }
}
