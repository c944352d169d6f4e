/** What the codes of a refused offer mean: names in WhatsApp Web and Android (2026 builds). */
const REASONS: Readonly<Record<number, string>> = {
  304: 'the server already has this call',
  400: 'the server already has this call',
  401: 'calling is not allowed in the country of the caller',
  403: 'this account is not enabled for calling',
  404: 'the callee cannot be reached for calls',
  405: 'calling is not allowed in the country of the callee',
  406: 'the platform of the callee cannot take calls',
  409: 'WhatsApp gives no reason',
  426: 'the app of the callee is too old',
  429: 'too many calls',
  439: 'the structure of the offer was not accepted',
  460: 'the operating system of the callee is too old',
  463: 'reaching out to new contacts is locked',
  473: 'the callee is unavailable',
  479: 'device list or addressing is out of date',
  480: 'the callee is unreachable',
  500: 'the callee could not be reached',
  502: 'the callee could not be reached',
  503: 'the service is unavailable',
};

export function refusalReason(code: number): string {
  return REASONS[code] ?? 'unknown reason';
}

/** 429 = too many calls, 463 = the account is time-locked, or this one contact must not be reached. */
export function concernsAccount(code: number): boolean {
  return code === 429 || code === 463;
}
