import { WholeNumber } from '../../instances/dto/body-rules.js';

const DEFAULT_MINUTES = 15;
const MAX_MINUTES = 1440;

export class ShareBody {
  @WholeNumber(1, MAX_MINUTES, {
    description: `How long the link works, in minutes. Default ${DEFAULT_MINUTES}`,
    example: DEFAULT_MINUTES,
  })
  minutes?: number | null;

  lifetimeMinutes(): number {
    return this.minutes ?? DEFAULT_MINUTES;
  }
}
