import type { NewsTopic } from '../../cluster/node-news.js';
import { fieldsOf, text } from '../../cluster/wire-values.js';

/** An event as clients get it. */
export interface EventNews {
  readonly instanceId: string;
  readonly event: string;
  readonly text: string;
}

/** An event was handed out. */
export const EVENT_EMITTED: NewsTopic<EventNews> = {
  name: 'event.emitted',
  parse: (value) => {
    const fields = fieldsOf(value);
    return {
      instanceId: text(fields['instanceId']),
      event: text(fields['event']),
      text: text(fields['text']),
    };
  },
};
