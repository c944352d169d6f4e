import { jest } from '@jest/globals';
import { runSql, startTestPostgres, type TestPostgres } from '../support/postgres.js';

jest.setTimeout(60_000);

describe('the PostgreSQL of the tests', () => {
  let server: TestPostgres;

  beforeAll(async () => {
    server = await startTestPostgres();
  });
  afterAll(() => server.stop());

  it('gives every caller an empty database of its own', async () => {
    const [first, second] = await Promise.all([server.createDatabase(), server.createDatabase()]);
    await runSql(first, 'CREATE TABLE mine AS SELECT 1 AS value');
    expect(await runSql(second, "SELECT to_regclass('mine') IS NULL")).toBe(true);
    expect(await runSql(first, 'SHOW fsync')).toBe('off');
  });
});
