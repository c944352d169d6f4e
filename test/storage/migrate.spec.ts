import { DataSource } from 'typeorm';
import { dataSourceOptions, type PostgresOptions } from '../../src/database/data-source-options.js';
import { migrate, NewerSchema, requireKnownSchema } from '../../src/database/migrate.js';
import { createDatabase, runSql } from '../support/postgres.js';
import { SilentLog } from '../support/silent-log.js';

describe('the migrations', () => {
  let options: PostgresOptions & { readonly url: string };

  beforeEach(async () => {
    const url = await createDatabase(process.env['TEST_DATABASE_URL'] ?? '');
    options = { ...dataSourceOptions({ url, poolSize: 2, log: new SilentLog() }), url };
  });

  const sql = (statement: string) => runSql(options.url, statement);
  const storedMigrations = () => sql('SELECT count(*)::integer FROM typeorm_migrations');
  const store = (...names: string[]) =>
    sql(
      `INSERT INTO typeorm_migrations (timestamp, name)
       SELECT 9000000000000 + number, name FROM unnest(ARRAY['${names.join("','")}']) WITH ORDINALITY AS u (name, number)`,
    );

  it('make the schema, also when several processes start at once, and are not run again', async () => {
    await Promise.all([migrate(options), migrate(options), migrate(options)]);
    const count = await storedMigrations();
    await migrate(options);
    expect(await storedMigrations()).toBe(count);
  });

  it('are refused where a newer release has run others, before anything is changed', async () => {
    await migrate(options);
    await sql('DELETE FROM typeorm_migrations WHERE id = (SELECT max(id) FROM typeorm_migrations)');
    await store('Rings9000000000001', 'Tones9000000000002');
    const before = await storedMigrations();
    await expect(migrate(options)).rejects.toThrow(
      new NewerSchema(['Rings9000000000001', 'Tones9000000000002']),
    );
    expect(await storedMigrations()).toBe(before);
    // The lock is free for the release that knows them.
    await sql("DELETE FROM typeorm_migrations WHERE name LIKE '%900000000000_'");
    await sql('SELECT pg_advisory_xact_lock(7464210917)');
  });

  it('name five that are unknown, and count the others', async () => {
    await migrate(options);
    await store(...[1, 2, 3, 4, 5, 6, 7].map((number) => `Rings${number}`));
    await expect(migrate(options)).rejects.toThrow('(Rings1, Rings2, Rings3, Rings4, Rings5 and 2 more)');
  });

  it('are known to whoever uses the schema as it is, or it is not used', async () => {
    await migrate(options);
    const dataSource = await new DataSource({ ...options, logging: false }).initialize();
    await expect(requireKnownSchema(dataSource)).resolves.toBeUndefined();
    await store('Rings9000000000001');
    await expect(requireKnownSchema(dataSource)).rejects.toThrow(NewerSchema);
    await dataSource.destroy();
  });
});
