import { parseAppConfig } from '../../../src/config/app-config.js';
import { withEvent } from '../../../src/deliveries/delivery-attempts.js';
import { outcomeOf } from '../../../src/deliveries/delivery-outcome.js';

const delaysSeconds = [5, 300];
const now = new Date('2026-01-31T12:00:00.000Z');
const plan = { delaysSeconds, random: () => 0.5, now };

describe('a try to deliver', () => {
  it.each([200, 201, 204, 299])('is a success when the answer is %i', (status) => {
    expect(outcomeOf({ kind: 'answered', status }, 7, plan)).toEqual({ kind: 'delivered', status });
  });

  it.each([100, 199, 300, 302, 400, 401, 404, 409, 411, 429, 500, 503])(
    'is tried again when the answer is %i',
    (status) => {
      expect(outcomeOf({ kind: 'answered', status }, 0, plan)).toEqual({
        kind: 'retry',
        status,
        error: `HTTP ${status}`,
        delayMs: 5000,
      });
    },
  );

  it('ends the webhook when the answer is 410', () => {
    expect(outcomeOf({ kind: 'answered', status: 410 }, 0, plan)).toEqual({
      kind: 'dead',
      status: 410,
      error: 'HTTP 410',
      disabledReason: 'The receiver answered 410 Gone',
    });
  });

  it('is tried again not before the receiver wants it, and keeps the schedule where that is later', () => {
    const answer = (retryAfter: string) => outcomeOf({ kind: 'answered', status: 429, retryAfter }, 0, plan);
    expect(answer('60')).toMatchObject({ kind: 'retry', delayMs: 60_000, pauseMs: 60_000 });
    expect(answer('2')).toMatchObject({ kind: 'retry', delayMs: 5000, pauseMs: 2000 });
    expect(answer('soon')).toEqual({ kind: 'retry', status: 429, error: 'HTTP 429', delayMs: 5000 });
    const last = outcomeOf({ kind: 'answered', status: 503, retryAfter: '9' }, 2, plan);
    expect(last).toEqual({ kind: 'dead', status: 503, error: 'HTTP 503', pauseMs: 9000 });
  });

  it('does not count when it was cut by a shutdown', () => {
    expect(outcomeOf({ kind: 'failed', reason: 'aborted' }, 2, plan)).toEqual({ kind: 'released' });
  });

  it('waits as long as the schedule says, and is the last one when that is used up', () => {
    const failed = (attempts: number) => outcomeOf({ kind: 'failed', reason: 'timeout' }, attempts, plan);
    expect(failed(0)).toMatchObject({ kind: 'retry', delayMs: 5000 });
    expect(failed(1)).toMatchObject({ kind: 'retry', delayMs: 300_000 });
    expect(failed(2)).toEqual({ kind: 'dead', status: null, error: 'timeout' });
  });

  it('waits up to a tenth shorter or longer, so that receivers are not tried all at once', () => {
    const delay = (random: number) =>
      outcomeOf({ kind: 'failed', reason: 'timeout' }, 1, { delaysSeconds, random: () => random, now });
    expect(delay(0)).toMatchObject({ delayMs: 270_000 });
    expect(delay(1)).toMatchObject({ delayMs: 330_000 });
  });
});

describe('the schedule of tries', () => {
  it('is that of Standard Webhooks unless the operator sets another', () => {
    expect(parseAppConfig({}).webhookRetrySeconds).toEqual([
      5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]);
    expect(parseAppConfig({ WEBHOOK_RETRY_SECONDS: '0, 1,2' }).webhookRetrySeconds).toEqual([0, 1, 2]);
  });

  it.each(['a', '1,,2', '-1', '1.5', '604801', '1e3'])('is not %s', (WEBHOOK_RETRY_SECONDS) => {
    expect(() => parseAppConfig({ WEBHOOK_RETRY_SECONDS })).toThrow('WEBHOOK_RETRY_SECONDS');
  });

  it.each([
    [undefined, 5],
    ['0', 0],
    ['30', 30],
  ])('goes with days of failures after which a webhook is switched off: %s means %d', (days, expected) => {
    expect(parseAppConfig({ WEBHOOK_DISABLE_AFTER_DAYS: days }).webhookDisableAfterDays).toBe(expected);
    expect(() => parseAppConfig({ WEBHOOK_DISABLE_AFTER_DAYS: '1.5' })).toThrow('WEBHOOK_DISABLE_AFTER_DAYS');
  });

  it('goes with a switch for private addresses that is off', () => {
    expect(parseAppConfig({}).webhookAllowPrivate).toBe(false);
    expect(parseAppConfig({ WEBHOOK_ALLOW_PRIVATE: 'True' }).webhookAllowPrivate).toBe(true);
    expect(() => parseAppConfig({ WEBHOOK_ALLOW_PRIVATE: 'yes' })).toThrow('WEBHOOK_ALLOW_PRIVATE');
  });
});

describe('a URL by events', () => {
  it.each([
    ['https://example.com', 'https://example.com/call.update'],
    ['https://example.com/', 'https://example.com/call.update'],
    ['https://example.com/hooks', 'https://example.com/hooks/call.update'],
    ['https://example.com/hooks/', 'https://example.com/hooks/call.update'],
    ['https://example.com/hooks?a=1&b=2', 'https://example.com/hooks/call.update?a=1&b=2'],
  ])('of %s is %s', (url, expected) => {
    expect(withEvent(url, 'call.update')).toBe(expected);
  });

  it('names the setting that lets webhooks go to private addresses when a target is refused', () => {
    expect(outcomeOf({ kind: 'failed', reason: 'target_refused' }, 0, plan)).toMatchObject({
      error: 'target_refused: the address is not allowed, a private one only with WEBHOOK_ALLOW_PRIVATE=true',
    });
  });
});
