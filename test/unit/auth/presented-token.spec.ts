import { presentedToken } from '../../../src/auth/presented-token.js';

describe('the token of a request', () => {
  it('is the header "token"', () => {
    expect(presentedToken({ token: 'rda_1' })).toBe('rda_1');
  });

  it.each(['Bearer rda_1', 'bearer rda_1', 'BEARER   rda_1 '])('is what follows %p', (authorization) => {
    expect(presentedToken({ authorization })).toBe('rda_1');
  });

  it('is the header "token" when both are there', () => {
    expect(presentedToken({ token: 'rda_1', authorization: 'Bearer rda_2' })).toBe('rda_1');
  });

  it('is the Bearer token when the header "token" is blank', () => {
    expect(presentedToken({ token: ' ', authorization: 'Bearer rda_2' })).toBe('rda_2');
  });

  it.each([
    {},
    { token: '' },
    { authorization: 'Bearer' },
    { authorization: 'Basic dTpw' },
    { authorization: 'rda_1' },
  ])('is missing in %p', (headers) => {
    expect(presentedToken(headers)).toBeUndefined();
  });
});
