import { describe, expect, it } from '@jest/globals';
import {
  deviceLid,
  deviceOf,
  isHosted,
  isSameDevice,
  userOf,
} from '../../../../src/whatsapp/baileys/device-jid.js';

describe('a device JID', () => {
  it.each([
    ['200000000000001@lid', '200000000000001', 0],
    ['200000000000001:0@lid', '200000000000001', 0],
    ['200000000000001:12@lid', '200000000000001', 12],
    ['5511987654321:3@s.whatsapp.net', '5511987654321', 3],
    ['200000000000001:99@hosted.lid', '200000000000001', 99],
    ['no jid at all', '', 0],
    ['', '', 0],
  ])('%j names user %j and device %i', (jid, user, device) => {
    expect(userOf(jid)).toBe(user);
    expect(deviceOf(jid)).toBe(device);
  });

  it('names the same primary with and without its number', () => {
    expect(isSameDevice('1@lid', '1:0@lid')).toBe(true);
    expect(isSameDevice('1:12@lid', '1:12@lid')).toBe(true);
    expect(isSameDevice('1@lid', '1:12@lid')).toBe(false);
    expect(isSameDevice('1@lid', '2@lid')).toBe(false);
  });

  it.each([
    ['1:0@lid', '1@lid'],
    ['1@lid', '1@lid'],
    ['1:12@lid', '1:12@lid'],
    ['1:12@hosted.lid', '1:12@lid'],
  ])('%s is written %s, the primary never with a zero', (jid, canonical) => {
    expect(deviceLid(jid)).toBe(canonical);
  });

  it.each([
    ['1:99@lid', true],
    ['1:99@hosted.lid', true],
    ['1:5@hosted', true],
    ['1@hosted', true],
    ['1:9@lid', false],
    ['1@lid', false],
    ['99@lid', false],
  ])('%s is a hosted device of a business: %s', (jid, hosted) => {
    expect(isHosted(jid)).toBe(hosted);
  });
});
