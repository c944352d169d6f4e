import { describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { readAcceptance } from '../../../../src/whatsapp/baileys/offer-acceptance.js';
import { PHONE, WEB } from '../support/callee.js';

const CALLEE = { lid: PHONE, pn: '5511999999999@s.whatsapp.net', devices: [PHONE, WEB] };
const NOTHING = { furtherDevices: [], callerTimeoutSeconds: null };

const ackOf = (content?: BinaryNode['content']): BinaryNode => ({
  tag: 'ack',
  attrs: { class: 'call', type: 'offer', id: 'offer-1' },
  content,
});

function devicesIn(...jids: string[]): readonly string[] {
  const content = jids.map((jid) => ({ tag: 'device', attrs: { jid } }));
  const user = { tag: 'user', attrs: { jid: PHONE }, content };
  return readAcceptance(ackOf([{ tag: 'relay', attrs: {} }, user]), CALLEE).furtherDevices;
}

function timeoutIn(content: BinaryNode['content']): number | null {
  return readAcceptance(ackOf([{ tag: 'voip_settings', attrs: {}, content }]), CALLEE).callerTimeoutSeconds;
}

const settings = (callerTimeout: unknown): string =>
  JSON.stringify({ aec: { mode: '2' }, options: { caller_timeout: callerTimeout, retry: 1 } });

describe('the devices that the server says it rings', () => {
  it('are those that the look-up did not name, each once', () => {
    expect(devicesIn(PHONE, WEB, '200000000000001:3@lid', '200000000000001:3@lid')).toEqual([
      '200000000000001:3@lid',
    ]);
  });

  it.each([
    ['the primary with its number', '200000000000001:0@lid', []],
    ['a phone number of the callee', '5511999999999:7@s.whatsapp.net', ['200000000000001:7@lid']],
    ['the phone number of the primary', '5511999999999@s.whatsapp.net', []],
    ['the phone number of somebody else', '5511888888888:7@s.whatsapp.net', []],
    ['the LID of somebody else', '300000000000001:7@lid', []],
    ['digits of the callee somewhere else', '5511999999999:7@g.us', []],
    ['a hosted device', '200000000000001:99@lid', []],
    ['a hosted device on its own server', '200000000000001:5@hosted.lid', []],
    ['a hosted device by its phone number', '5511999999999:99@hosted', []],
    ['a device without a number', '200000000000001:x@lid', []],
    ['a number that no device has', '200000000000001:256@lid', []],
    ['a fraction', '200000000000001:1.5@lid', []],
    ['nonsense', 'nobody', []],
    ['nothing', '', []],
  ])('are told by %s', (_, jid, expected) => {
    expect(devicesIn(jid)).toEqual(expected);
  });

  it('are told by no phone number when none is known', () => {
    const user = {
      tag: 'user',
      attrs: {},
      content: [{ tag: 'device', attrs: { jid: '5511999999999:7@s.whatsapp.net' } }],
    };
    expect(readAcceptance(ackOf([user]), { ...CALLEE, pn: undefined })).toEqual(NOTHING);
  });

  it('are a hundred at most, those of the look-up included', () => {
    const many = Array.from({ length: 200 }, (_, index) => `200000000000001:${index + 20}@lid`);
    expect(devicesIn(...many)).toHaveLength(98);
  });
});

describe('the time-out of the caller', () => {
  it.each([
    ['bytes', Buffer.from(settings(45)), 45],
    ['text', settings(60), 60],
    ['base64', Buffer.from(settings(90)).toString('base64'), 90],
    ['base64 in bytes', Buffer.from(Buffer.from(settings(90)).toString('base64')), 90],
    ['a number in quotes', settings('45'), 45],
    ['a fraction', settings(44.6), 45],
  ])('is read from %s', (_, content, seconds) => {
    expect(timeoutIn(content)).toBe(seconds);
  });

  it.each([
    ['no content', undefined],
    ['children', [{ tag: 'options', attrs: { caller_timeout: '45' } }]],
    ['no JSON', Buffer.from([0x1f, 0x8b, 0, 255])],
    ['empty text', ''],
    ['JSON that is no object', '[45]'],
    ['null', 'null'],
    ['no options', '{}'],
    ['options that are no object', '{"options":45}'],
    ['no figure', settings(undefined)],
    ['a word', settings('soon')],
    ['a list', settings([45])],
    ['true', settings(true)],
    ['zero', settings(0)],
    ['less than nothing', settings(-5)],
    ['more than a day', settings(86_401)],
    ['a figure that does not end', '{"options":{"caller_timeout":1e999}}'],
  ])('is unknown with %s', (_, content) => {
    expect(timeoutIn(content)).toBeNull();
  });

  it('and the devices are unknown when the ack says nothing', () => {
    expect(readAcceptance(ackOf(), CALLEE)).toEqual(NOTHING);
    expect(readAcceptance(ackOf([]), CALLEE)).toEqual(NOTHING);
  });
});
