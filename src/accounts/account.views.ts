import type { AccountEntity } from './account.entity.js';
import type { AccountPage, AccountWithToken } from './accounts.service.js';
import type { AccountAnswerDto } from './dto/account-answer.dto.js';
import type { AccountDto } from './dto/account.dto.js';
import type { AccountListAnswerDto } from './dto/account-list-answer.dto.js';
import type { AccountWithTokenAnswerDto } from './dto/account-with-token-answer.dto.js';

export function toAccountAnswer(message: string, account: AccountEntity): AccountAnswerDto {
  return { success: true, message, account: toAccount(account) };
}

export function toAccountWithTokenAnswer(message: string, made: AccountWithToken): AccountWithTokenAnswerDto {
  return { success: true, message, account: { ...toAccount(made.account), token: made.token } };
}

export function toAccountListAnswer({ rows, total, nextCursor }: AccountPage): AccountListAnswerDto {
  return {
    success: true,
    message: total === 1 ? '1 Account found' : `${total} Accounts found`,
    accounts: rows.map(toAccount),
    meta: { total, nextCursor },
  };
}

function toAccount(account: AccountEntity): AccountDto {
  return {
    id: account.id,
    name: account.name,
    instanceLimit: account.instanceLimit,
    rateLimitPerMinute: account.rateLimitPerMinute,
    enabled: account.enabled,
    createdAt: account.createdAt.toISOString(),
    updatedAt: account.updatedAt.toISOString(),
  };
}
