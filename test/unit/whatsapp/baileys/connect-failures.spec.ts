import { describe, expect, it } from '@jest/globals';
import { connectFailure } from '../../../../src/whatsapp/baileys/connect-failures.js';

const UNREACHABLE = 'WhatsApp is not reachable: some reason';
const refused = (code: number): string => `WhatsApp refused to link this instance: some reason (${code})`;

describe('a connection that ends before anything is shown', () => {
  it.each([
    [403, 'account_restricted', 'upstream', 'WhatsApp has blocked or restricted this account (403)'],
    [405, 'whatsapp_version_rejected', 'upstream', 'some reason'],
    [429, 'linking_limited', 'rate_limited', 'WhatsApp limits linking on this number. Try again later.'],
    [400, 'linking_refused', 'upstream', refused(400)],
    [411, 'linking_refused', 'upstream', refused(411)],
    [440, 'linking_refused', 'upstream', refused(440)],
    [408, 'whatsapp_unreachable', 'upstream', UNREACHABLE],
    [428, 'whatsapp_unreachable', 'upstream', UNREACHABLE],
    [500, 'whatsapp_unreachable', 'upstream', UNREACHABLE],
    [503, 'whatsapp_unreachable', 'upstream', UNREACHABLE],
    [Number.NaN, 'whatsapp_unreachable', 'upstream', UNREACHABLE],
  ])('with code %d says so as %s', (code, errorCode, kind, message) => {
    const failure = connectFailure({ code, reason: 'some reason' });
    expect(failure).toMatchObject({ code: errorCode, kind, message });
  });
});
