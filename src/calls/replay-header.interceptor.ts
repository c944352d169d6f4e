import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { catchError, map, throwError, type Observable } from 'rxjs';
import { toCallPlaced } from './call.views.js';
import { ReplayedError } from './calls.errors.js';
import type { CallPlacedDto } from './dto/call-placed.dto.js';
import type { FakeCallAnswer } from './fake-call-request.js';

/** The view of a placed call; an answer that was given before, a failure too, is marked as such. */
@Injectable()
export class ReplayHeaderInterceptor implements NestInterceptor<
  FakeCallAnswer & { readonly replayed: boolean },
  CallPlacedDto
> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<FakeCallAnswer & { readonly replayed: boolean }>,
  ): Observable<CallPlacedDto> {
    const markAsReplayed = () =>
      context.switchToHttp().getResponse<Response>().setHeader('Idempotency-Replayed', 'true');
    return next.handle().pipe(
      map((placed) => {
        if (placed.replayed) markAsReplayed();
        return toCallPlaced(placed);
      }),
      catchError((error: unknown) => {
        if (error instanceof ReplayedError) markAsReplayed();
        return throwError(() => error);
      }),
    );
  }
}
