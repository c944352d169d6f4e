const SHOWN_AT_START = 4;
const SHOWN_AT_END = 4;

/**
 * Masks a phone number or JID for logs: `5511*****9999`. Short inputs are masked whole.
 * The server part of a JID (`@lid`) is kept, a device suffix (`:12`) too.
 */
export function maskNumber(numberOrJid: string): string {
  return numberOrJid.replace(/\d{5,}/g, (digits) =>
    digits.length <= SHOWN_AT_START + SHOWN_AT_END
      ? '*'.repeat(digits.length)
      : digits.slice(0, SHOWN_AT_START) +
        '*'.repeat(digits.length - SHOWN_AT_START - SHOWN_AT_END) +
        digits.slice(-SHOWN_AT_END),
  );
}
