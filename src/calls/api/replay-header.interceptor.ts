import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import { Clock } from '../../common/time/clock.js';
import type { PlaceCallResult } from '../commands.js';
import { replay } from '../idempotency/remembered-answer.js';
import type { CallPlacedDto } from './answers.js';
import { toCallPlaced } from './views.js';

/** The view of a placed call; an answer that was given before, a failure too, is marked as such. */
@Injectable()
export class ReplayHeaderInterceptor implements NestInterceptor<PlaceCallResult, CallPlacedDto> {
  constructor(private readonly clock: Clock) {}

  intercept(context: ExecutionContext, next: CallHandler<PlaceCallResult>): Observable<CallPlacedDto> {
    return next.handle().pipe(
      map(({ answer, replayed }) => {
        if (replayed)
          context.switchToHttp().getResponse<Response>().setHeader('Idempotency-Replayed', 'true');
        return toCallPlaced(replay(answer, this.clock.now()));
      }),
    );
  }
}
