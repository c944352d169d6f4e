import type { NewsTopic } from '../cluster/node-news.js';
import { fieldsOf, text, textOrNull } from '../cluster/wire-values.js';
import { TokenReplaced } from './token-replaced.event.js';

/** An account was disabled or is being deleted: its tokens open nothing any more. Carries its id. */
export const ACCOUNT_CLOSED: NewsTopic<string> = { name: 'account.closed', parse: text };

export const TOKEN_REPLACED: NewsTopic<TokenReplaced> = {
  name: 'token.replaced',
  parse: (value) => {
    const { accountId, instanceId } = fieldsOf(value);
    return new TokenReplaced(text(accountId), textOrNull(instanceId));
  },
};
