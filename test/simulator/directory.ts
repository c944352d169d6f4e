import { Account } from './account.js';
import type { CalleeDevice } from './callee-device.js';
import type { CompanionDevice } from './companion-device.js';
import { derivedLid, parseJid, USER_SERVER } from './jids.js';
import type { ContactOptions, PhoneOptions } from './types.js';

const LID_SERVERS = ['lid', 'hosted.lid'];

export interface KnownDevice {
  readonly account: Account;
  readonly device: CalleeDevice | CompanionDevice;
}

/** Who is on WhatsApp: by number, by LID, by alias. */
export class Directory {
  /** Whether a question about a LID that nobody has is answered with an error, or with no devices. */
  refusesUnknownLids = false;
  private readonly byNumber = new Map<string, Account>();
  private readonly byLid = new Map<string, Account>();
  private readonly aliases = new Map<string, string>();

  /** The account of a number, made when there is none yet. The LID of an existing account does not change. */
  ensure(number: string, lid?: string | null): Account {
    const existing = this.byNumber.get(number);
    if (existing) return existing;
    const account = new Account(number, lid === undefined ? derivedLid(number) : lid);
    this.byNumber.set(number, account);
    if (account.lid !== null) this.byLid.set(account.lid, account);
    return account;
  }

  /** An account whose phone links companions. The same number gives the same account again. */
  linkable({ number, lid, name, asksForPasskey }: PhoneOptions): Account {
    const account = this.ensure(number, lid);
    if (account.devices.size === 0) account.script({ number, behaviour: { kind: 'silent' } });
    if (name !== undefined) account.name = name;
    if (asksForPasskey !== undefined) account.asksForPasskey = asksForPasskey;
    return account;
  }

  addContact(options: ContactOptions): Account {
    this.forgetOutdatedLid(options);
    const account = this.ensure(options.number, options.lid);
    account.script(options);
    for (const alias of options.aliases ?? []) this.aliases.set(alias, options.number);
    return account;
  }

  /** A contact may be described anew with another LID, an account with linked devices may not. */
  private forgetOutdatedLid({ number, lid }: ContactOptions): void {
    const existing = this.byNumber.get(number);
    if (!existing || lid === undefined || existing.lid === lid) return;
    if (existing.companions.length > 0)
      throw new Error('the LID of an account with linked devices cannot change');
    this.byNumber.delete(number);
    if (existing.lid !== null) this.byLid.delete(existing.lid);
  }

  /** By number or alias; `undefined`: not on WhatsApp. */
  find(number: string): Account | undefined {
    return this.byNumber.get(number) ?? this.byNumber.get(this.aliases.get(number) ?? '');
  }

  /** By phone number JID or LID JID of any device. */
  findByJid(jid: string | undefined): Account | undefined {
    const parts = parseJid(jid);
    if (!parts) return undefined;
    if (LID_SERVERS.includes(parts.server)) return this.byLid.get(parts.user);
    return parts.server === USER_SERVER ? this.find(parts.user) : undefined;
  }

  findDevice(jid: string | undefined): KnownDevice | undefined {
    const account = this.findByJid(jid);
    const device = account?.devices.get(parseJid(jid)?.device ?? 0);
    return account && device ? { account, device } : undefined;
  }
}
