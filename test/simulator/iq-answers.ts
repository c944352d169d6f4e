import type { BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedCompanion } from './account.js';
import type { Directory } from './directory.js';
import {
  answerCount,
  answerDigest,
  answerKeys,
  rotateSignedPreKey,
  storePreKeys,
} from './encrypt-answers.js';
import { childOf, childrenOf, iqError, iqResult, textOf } from './nodes.js';
import { reachoutLock } from './reachout-lock.js';
import { takeIssuedToken } from './trust-tokens.js';
import { answerUsync } from './usync-answers.js';

/** Persisted GraphQL documents that WhatsApp Web asks for, by their public ids. */
const REACHOUT_TIMELOCK_QUERY = '23983697327930364';
const MESSAGE_CAPPING_QUERY = '24503548349331633';

const PRIVACY_DEFAULTS = {
  readreceipts: 'all',
  profile: 'all',
  status: 'contacts',
  online: 'all',
  last: 'all',
  groupadd: 'all',
  calladd: 'all',
};

/** What an answer function may use. */
interface Asker {
  readonly companion: LinkedCompanion;
  readonly directory: Directory;
}

/** An answer, or a text that tells what is wrong with the question. */
type Answer = BinaryNode | string | Promise<BinaryNode | string>;
type AnswerFunction = (iq: BinaryNode, child: BinaryNode, asker: Asker) => Answer;

/** Keyed by `xmlns type first-child`. */
const ANSWERS: Readonly<Record<string, AnswerFunction>> = {
  'encrypt get count': (iq, _child, { companion }) => answerCount(iq, companion.device),
  'encrypt get digest': (iq) => answerDigest(iq),
  'encrypt get key': (iq, child, { directory }) => answerKeys(iq, child, directory),
  'encrypt set registration': (iq, _child, { companion }) => storePreKeys(iq, companion.device),
  'encrypt set rotate': (iq, child, { companion }) => rotateSignedPreKey(iq, child, companion.device),
  'passive set active': (iq) => iqResult(iq),
  'passive set passive': (iq) => iqResult(iq),
  'abt get props': (iq) =>
    iqResult(iq, [{ tag: 'props', attrs: { protocol: '1', hash: 'simulator', refresh: '86400' } }]),
  'blocklist get ': (iq) => iqResult(iq, [{ tag: 'list', attrs: { dhash: '1' } }]),
  'blocklist set item': (iq) => iqResult(iq),
  'privacy get privacy': (iq) => iqResult(iq, [privacyNode()]),
  'privacy set privacy': (iq, child) => iqResult(iq, [child]),
  'privacy set tokens': answerTokens,
  'usync get usync': (iq, _child, { directory }) => answerUsync(iq, directory),
  'w:p get ping': (iq) => iqResult(iq),
  'w:mex get query': answerMex,
};

/** Answers an IQ of a logged-in device; a text when the server has no answer to it. */
export async function answerIq(iq: BinaryNode, asker: Asker): Promise<BinaryNode | string> {
  const [child] = childrenOf(iq);
  const key = `${iq.attrs.xmlns ?? ''} ${iq.attrs.type ?? ''} ${child?.tag ?? ''}`;
  const answer = ANSWERS[key];
  return answer ? answer(iq, child ?? { tag: '', attrs: {} }, asker) : `unhandled iq ${key.trim()}`;
}

/** Trusted-contact tokens that the account issues to the people it writes to or calls. */
function answerTokens(iq: BinaryNode, tokens: BinaryNode, { companion, directory }: Asker): Answer {
  const items = childrenOf(tokens);
  if (items.length === 0) return 'privacy tokens are incomplete';
  for (const item of items) {
    const fault = takeIssuedToken(item, companion, directory);
    if (fault !== undefined) return fault;
  }
  return iqResult(iq);
}

function answerMex(iq: BinaryNode, query: BinaryNode, { companion }: Asker): Answer {
  const id = query.attrs.query_id;
  if (!isVariables(textOf(query))) return 'w:mex query without variables';
  if (id === REACHOUT_TIMELOCK_QUERY) {
    return mexResult(iq, { xwa2_fetch_account_reachout_timelock: reachoutLock(companion.account) });
  }
  if (id === MESSAGE_CAPPING_QUERY) {
    return mexResult(iq, {
      xwa2_message_capping_info: {
        total_quota: 0,
        used_quota: 0,
        capping_status: 'NONE',
        ote_status: 'NOT_ELIGIBLE',
      },
    });
  }
  return `unhandled w:mex query ${id ?? ''}`;
}

function isVariables(text: string | undefined): boolean {
  try {
    const parsed: unknown = JSON.parse(text ?? '');
    return typeof parsed === 'object' && parsed !== null && 'variables' in parsed;
  } catch {
    return false;
  }
}

function mexResult(iq: BinaryNode, data: object): BinaryNode {
  return iqResult(iq, [{ tag: 'result', attrs: {}, content: Buffer.from(JSON.stringify({ data }), 'utf8') }]);
}

function privacyNode(): BinaryNode {
  return {
    tag: 'privacy',
    attrs: {},
    content: Object.entries(PRIVACY_DEFAULTS).map(([name, value]) => ({
      tag: 'category',
      attrs: { name, value },
    })),
  };
}

/** An error for whoever asked something that the server does not know, so that nobody waits for his time-out. */
export function refusal(iq: BinaryNode): BinaryNode {
  return iqError(iq, 501, 'feature-not-implemented');
}

/** The JID that a logout wants to remove; `undefined` when the IQ is no logout. */
export function removedDeviceJid(iq: BinaryNode): string | undefined {
  if (iq.attrs.xmlns !== 'md' || iq.attrs.type !== 'set') return undefined;
  return childOf(iq, 'remove-companion-device')?.attrs.jid;
}
