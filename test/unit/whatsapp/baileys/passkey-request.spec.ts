import { describe, expect, it } from '@jest/globals';
import { isPasskeyRequest } from '../../../../src/whatsapp/baileys/passkey-request.js';

const notification = (from: string, type = 'passkey_prologue_request', tag = 'notification') => ({
  tag,
  attrs: { from, type, id: '1', t: '1767225600' },
});

describe('the request for a passkey', () => {
  it.each(['s.whatsapp.net', '@s.whatsapp.net'])('comes from the server itself (%s)', (from) => {
    expect(isPasskeyRequest(notification(from))).toBe(true);
  });

  it.each([
    ['a person says it', notification('5511999999999@s.whatsapp.net')],
    ['a group says it', notification('120363000000000000@g.us')],
    ['another server says it', notification('g.us')],
    ['nobody says it', { tag: 'notification', attrs: { type: 'passkey_prologue_request' } }],
    ['it is another notification', notification('s.whatsapp.net', 'link_code_companion_reg')],
    ['it is no notification', notification('s.whatsapp.net', 'passkey_prologue_request', 'receipt')],
  ])('is none when %s', (_, node) => {
    expect(isPasskeyRequest(node)).toBe(false);
  });
});
