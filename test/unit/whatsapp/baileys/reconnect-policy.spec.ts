import { describe, expect, it } from '@jest/globals';
import {
  decideReconnect,
  type ReconnectDecision,
} from '../../../../src/whatsapp/baileys/reconnect-policy.js';

/** In the middle of the jitter. */
const NO_JITTER = 0.5;
const FIFTEEN_MINUTES_MS = 900_000;
const LADDER_SECONDS = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 900, 900, 900];

const restart: ReconnectDecision = { kind: 'restart' };
const stop: ReconnectDecision = { kind: 'stop' };
const wait = (seconds: number | undefined): ReconnectDecision => ({
  kind: 'wait',
  delayMs: (seconds ?? NaN) * 1000,
});
const everyAttempt = LADDER_SECONDS.map((_, attempt) => attempt);

describe('after a connection has ended', () => {
  it.each(everyAttempt)('a 515 restarts at once, also after %i failed attempts', (attempt) => {
    expect(decideReconnect(515, attempt, NO_JITTER)).toEqual(restart);
  });

  it.each([401, 419, 516])('a %i means that the link is gone, however often it was tried', (code) => {
    for (const attempt of everyAttempt) {
      expect(decideReconnect(code, attempt, NO_JITTER)).toEqual({ kind: 'logged_out', evidence: false });
    }
  });

  it('a 403 ends the link and keeps the credentials as evidence', () => {
    for (const attempt of everyAttempt) {
      expect(decideReconnect(403, attempt, NO_JITTER)).toEqual({ kind: 'logged_out', evidence: true });
    }
  });

  it('a 411 stops: trying again cannot help', () => {
    for (const attempt of everyAttempt) expect(decideReconnect(411, attempt, NO_JITTER)).toEqual(stop);
  });

  it.each([409, 440])(
    'a %i is tried once more after a minute, then the other client keeps the session',
    (code) => {
      for (const random of [0, NO_JITTER, 0.999]) {
        expect(decideReconnect(code, 0, random)).toEqual(wait(60));
        for (const attempt of everyAttempt.slice(1))
          expect(decideReconnect(code, attempt, random)).toEqual(stop);
      }
    },
  );

  it('a 500 climbs the ladder five times, then somebody has to look', () => {
    const decisions = everyAttempt.map((attempt) => decideReconnect(500, attempt, NO_JITTER));
    expect(decisions.slice(0, 5)).toEqual(LADDER_SECONDS.slice(0, 5).map(wait));
    for (const decision of decisions.slice(5)) expect(decision).toEqual(stop);
  });

  it.each([405, 408, 428, 503, 402, 406, 502, 599, 1011, 0, -1])(
    'a %i climbs the whole ladder and never gives up',
    (code) => {
      expect(everyAttempt.map((attempt) => decideReconnect(code, attempt, NO_JITTER))).toEqual(
        LADDER_SECONDS.map(wait),
      );
    },
  );

  it('a 429 waits five rungs longer than other failures', () => {
    expect(everyAttempt.map((attempt) => decideReconnect(429, attempt, NO_JITTER))).toEqual(
      everyAttempt.map((attempt) => wait(LADDER_SECONDS[attempt + 5] ?? 900)),
    );
  });
});

describe('the jitter of a delay', () => {
  it('spreads by 10 % in both directions', () => {
    expect(decideReconnect(428, 7, 0)).toEqual({ kind: 'wait', delayMs: 18_900 });
    expect(decideReconnect(428, 7, NO_JITTER)).toEqual({ kind: 'wait', delayMs: 21_000 });
    expect(decideReconnect(428, 7, 1 - Number.EPSILON)).toEqual({ kind: 'wait', delayMs: 23_100 });
  });

  it.each([0, 0.25, NO_JITTER, 0.75, 0.999])(
    'keeps every delay at 15 minutes or less (random %d)',
    (random) => {
      for (const attempt of [...everyAttempt, 1_000, 1_000_000]) {
        const decision = decideReconnect(503, attempt, random);
        const rungMs = (LADDER_SECONDS[attempt] ?? 900) * 1000;
        expect(decision.kind).toBe('wait');
        if (decision.kind !== 'wait') return;
        expect(decision.delayMs).toBeLessThanOrEqual(FIFTEEN_MINUTES_MS);
        expect(decision.delayMs).toBeGreaterThanOrEqual(rungMs * 0.9);
        expect(decision.delayMs).toBeLessThanOrEqual(rungMs * 1.1);
      }
    },
  );
});
