import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import {
  DatabaseUnavailable,
  isReadOnly,
  meaningOfDatabaseError,
} from '../../../../src/common/database/database-unavailable.js';

const withCode = (code: string): Error => Object.assign(new Error('it failed'), { code });
const ofQuery = (cause: Error): Error => new QueryFailedError('SELECT 1', [], cause);

describe('an error of the database', () => {
  it.each([
    ['a refused connection', withCode('ECONNREFUSED')],
    ['a connection that was reset under a query', ofQuery(withCode('ECONNRESET'))],
    ['a connection that ended without a word', ofQuery(new Error('Connection terminated unexpectedly'))],
    ['a connection that took too long', new Error('Connection terminated due to connection timeout')],
    ['a pool without a free connection', new Error('timeout exceeded when trying to connect')],
    ['a server that shuts down', ofQuery(withCode('57P01'))],
    ['a server that starts', withCode('57P03')],
    ['a server with too many connections', withCode('53300')],
    ['a full disk', ofQuery(withCode('53100'))],
    ['a statement that ran out of time', ofQuery(withCode('57014'))],
    ['a lock that was not to be had', ofQuery(withCode('55P03'))],
    ['a database that takes no connections for now', withCode('55000')],
    ['a database that takes no changes', ofQuery(withCode('25006'))],
    ['a transaction whose connection is gone', new QueryRunnerAlreadyReleasedError()],
  ])('means that the database is not available: %s', (_, error) => {
    const meaning = meaningOfDatabaseError(error);
    expect(meaning).toBeInstanceOf(DatabaseUnavailable);
    expect(meaning).toMatchObject({
      message: 'Database is not available',
      code: 'database_unavailable',
      kind: 'unavailable',
      retryAfterSeconds: 2,
    });
  });

  it.each([
    ['a row that exists already', ofQuery(withCode('23505'))],
    ['a statement that makes no sense', ofQuery(withCode('42601'))],
    ['text that cannot be stored', ofQuery(withCode('22021'))],
    ['a fault of the product', new TypeError('x is not a function')],
    ['what is no error', 'text'],
  ])('stays what it is: %s', (_, error) => {
    expect(meaningOfDatabaseError(error)).toBe(error);
  });

  it('tells a connection that may not write from others', () => {
    expect(isReadOnly(ofQuery(withCode('25006')))).toBe(true);
    expect(isReadOnly(ofQuery(withCode('53100')))).toBe(false);
  });
});
