import { describe, expect, it } from '@jest/globals';
import { slowNodeAdvice } from '../../../src/instances/node-advice.js';

describe('the advice to use a newer Node', () => {
  it.each([
    [201, '20.19.0'],
    [5000, '22.12.0'],
  ])('is given for %d sessions on Node %s', (sessions, version) => {
    expect(slowNodeAdvice(sessions, version)).toMatch('Node.js 24');
  });

  it.each([
    [200, '20.19.0'],
    [0, '22.12.0'],
    [5000, '24.0.0'],
    [5000, '26.1.0'],
  ])('is not given for %d sessions on Node %s', (sessions, version) => {
    expect(slowNodeAdvice(sessions, version)).toBeUndefined();
  });
});
