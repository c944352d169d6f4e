import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { signatureHeaders } from '../../../src/webhooks/sending/webhook-signature.js';
import { makeWebhookSecret } from '../../../src/common/crypto/webhook-secret.js';

const BODY = JSON.stringify({ event: 'call.update', data: { state: 'ringing', note: 'olá ☎' } });

function signed(secrets: readonly string[], timestamp = new Date()) {
  return signatureHeaders({ id: 'evt_1', timestamp, body: BODY, secrets });
}

describe("an event's signature", () => {
  it('is the one of the worked example of Standard Webhooks', () => {
    const headers = signatureHeaders({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: new Date(1_614_265_330_999),
      body: '{"test": 2432232314}',
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    });
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is accepted by the official library', () => {
    const secret = makeWebhookSecret();
    expect(new Webhook(secret).verify(BODY, signed([secret]))).toEqual(JSON.parse(BODY));
  });

  it('is accepted with the new and with the old secret while a rotation lasts', () => {
    const [newer, older] = [makeWebhookSecret(), makeWebhookSecret()];
    const headers = signed([newer, older]);
    expect(() => new Webhook(newer).verify(BODY, headers)).not.toThrow();
    expect(() => new Webhook(older).verify(BODY, headers)).not.toThrow();
    const [first] = headers['webhook-signature']?.split(' ') ?? [];
    expect(first).toBe(signed([newer])['webhook-signature']);
  });

  it.each([24, 64])('works with a secret of %i bytes', (bytes) => {
    const secret = `whsec_${randomBytes(bytes).toString('base64')}`;
    expect(() => new Webhook(secret).verify(BODY, signed([secret]))).not.toThrow();
  });

  it('is refused with a secret that is no longer valid', () => {
    const headers = signed([makeWebhookSecret(), makeWebhookSecret()]);
    expect(() => new Webhook(makeWebhookSecret()).verify(BODY, headers)).toThrow('No matching signature');
  });

  it('is refused for a changed body, id or time', () => {
    const secret = makeWebhookSecret();
    const receiver = new Webhook(secret);
    const headers = signed([secret]);
    const later = String(Number(headers['webhook-timestamp']) + 1);
    expect(() => receiver.verify(BODY.replace('ringing', 'offer'), headers)).toThrow('No matching signature');
    expect(() => receiver.verify(BODY, { ...headers, 'webhook-id': 'evt_2' })).toThrow(
      'No matching signature',
    );
    expect(() => receiver.verify(BODY, { ...headers, 'webhook-timestamp': later })).toThrow('No matching');
  });

  it.each([
    ['old', -301_000],
    ['new', 301_000],
  ])('is refused when its time is too %s', (word, shiftMs) => {
    const secret = makeWebhookSecret();
    const headers = signed([secret], new Date(Date.now() + shiftMs));
    expect(() => new Webhook(secret).verify(BODY, headers)).toThrow(`too ${word}`);
  });

  it('is left out when no secret is set', () => {
    expect(signed([])).toEqual({});
  });

  it('is never made with something that is not a secret', () => {
    expect(() => signed([makeWebhookSecret(), 'hunter2'])).toThrow(RangeError);
    expect(() => signed(['hunter2'])).not.toThrow('hunter2');
  });
});
