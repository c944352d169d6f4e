import { databaseFailure } from '../../../src/startup/database-failure.js';

/** As Node makes them. */
const systemError = (message: string, fields: object) => Object.assign(new Error(message), fields);

describe('an error of the start', () => {
  it.each([
    ['port', { code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 1 }],
    ['socket', { code: 'ENOENT', syscall: 'connect', address: '/nowhere/.s.PGSQL.5432' }],
    ['name', { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'nowhere' }],
    ['SQLSTATE', { code: '3D000' }],
  ])('is about the database when it names a %s', (_what, fields) => {
    expect(databaseFailure(systemError('no', fields))).toMatchObject({
      name: 'StartFailure',
      message: `The database cannot be used: no (${fields.code}). Check DATABASE_URL.`,
    });
  });

  it('is not about the database when a file is missing', () => {
    const error = systemError('no', { code: 'ENOENT', syscall: 'open', path: '/nowhere' });
    expect(databaseFailure(error)).toBe(error);
  });
});
