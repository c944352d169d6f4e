import type { InstanceSettings } from '../instance-values.js';
import { Flag, Message, WholeNumber } from './body-rules.js';
import { definedSettings } from './given-settings.js';

const DAY_SECONDS = 86_400;

/** What is given changes, everything else stays as it is. */
export class SettingsBody {
  @Flag({ description: 'Reject incoming calls', example: false })
  autoRejectCalls?: boolean | null;

  @Message(1000, { description: 'Text sent to a caller who was rejected; empty = none', example: '' })
  callRejectMessage?: string | null;

  @Flag({ description: 'Show the account as online while it is connected', example: false })
  keepOnlineStatus?: boolean | null;

  @WholeNumber(1, 100, {
    description: 'Calls in progress at the same time; 1 is what official clients do',
    example: 1,
  })
  maxConcurrentCalls?: number | null;

  @WholeNumber(0, DAY_SECONDS, { description: 'Seconds between two calls; 0 = no pause', example: 30 })
  minSecondsBetweenCalls?: number | null;

  @WholeNumber(0, 30 * DAY_SECONDS, {
    description: 'Seconds until the same number may be called again; 0 = at once',
    example: 3600,
  })
  numberCooldownSeconds?: number | null;

  toPatch(): Partial<InstanceSettings> {
    return definedSettings(this);
  }
}
