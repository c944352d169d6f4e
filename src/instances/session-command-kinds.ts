import type { OwnerCommand } from '../cluster/owner-commands.js';
import { fieldsOf, nothing, text } from '../cluster/wire-values.js';
import type { LinkMethod, LinkOffer } from '../whatsapp/whatsapp.gateway.js';

/** Linking shows something after 60 s at most. */
const LINK_MS = 65_000;
/** A goodbye at WhatsApp takes up to 5 s, as do the calls that are hung up before it. */
const GOODBYE_MS = 20_000;
const USUAL_MS = 10_000;

/** A way to link, and the name of the one who waits for something to show. */
export type LinkRequest = LinkMethod & { readonly waiter: string };

export const LINK: OwnerCommand<LinkRequest, LinkOffer> = {
  name: 'session.link',
  deadlineMs: LINK_MS,
  takesOver: true,
  parseArgs: (value) => ({ ...parseMethod(value), waiter: parseWaiter(value) }),
  parseResult: parseOffer,
};

export const CONNECT: OwnerCommand<LinkRequest, LinkOffer> = { ...LINK, name: 'session.connect' };

/** Somebody waits no more. Takes the name. */
export const STOP_WAITING = command('session.stop-waiting', USUAL_MS, false, text);

export const CURRENT_QR: OwnerCommand<null, string> = {
  name: 'session.qr',
  deadlineMs: USUAL_MS,
  takesOver: false,
  parseArgs: () => null,
  parseResult: text,
};

export const REOPEN = command('session.reopen', USUAL_MS, true, () => null);
/** Opens the session in its turn, if it ought to be open. Takes the account, which processes of an earlier release do not send. */
export const RESTORE = command('session.restore', USUAL_MS, true, (account) =>
  typeof account === 'string' ? account : '',
);
export const REFRESH = command('session.refresh', USUAL_MS, false, () => null);
export const LOGOUT = command('session.logout', GOODBYE_MS, true, () => null);
export const FORGET = command('session.forget', GOODBYE_MS, true, () => null);
/** Takes the reason. */
export const CLOSE = command('session.close', GOODBYE_MS, false, text);
/** Takes the reason. */
export const STOP_LINKING = command('session.stop-linking', GOODBYE_MS, false, text);

function command<Args>(
  name: string,
  deadlineMs: number,
  takesOver: boolean,
  parseArgs: (value: unknown) => Args,
): OwnerCommand<Args, void> {
  return { name, deadlineMs, takesOver, parseArgs, parseResult: nothing };
}

function parseMethod(value: unknown): LinkMethod {
  const { kind, number } = fieldsOf(value);
  if (kind === 'qr') return { kind };
  if (kind === 'code') return { kind, number: text(number) };
  throw new TypeError('No way to link');
}

/** Processes of an earlier release do not name who waits. */
function parseWaiter(value: unknown): string {
  const { waiter } = fieldsOf(value);
  return typeof waiter === 'string' ? waiter : '';
}

function parseOffer(value: unknown): LinkOffer {
  const { kind, qr, code } = fieldsOf(value);
  if (kind === 'qr') return { kind, qr: text(qr) };
  if (kind === 'code') return { kind, code: text(code) };
  if (kind === 'connected') return { kind };
  throw new TypeError('No offer');
}
