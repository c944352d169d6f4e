import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CallSweep } from './call-sweep.js';

/** Looks after calls from the first to the last moment of the process. */
@Injectable()
export class CallsStart implements OnApplicationBootstrap {
  constructor(private readonly sweep: CallSweep) {}

  onApplicationBootstrap(): void {
    this.sweep.start();
  }
}
