/**
 * Brings a database up to the code's own version when it is opened, however many processes start at once. It goes one way
 * only, and refuses a database that newer code has been at.
 */
import type { Kysely, Transaction } from 'kysely';
import type { Dialect } from './dialect.ts';
import { CannotOpenStore } from './errors.ts';
import { migrations } from './migrations/list.ts';
import type { Migration } from './migrations/migration.ts';
import type { Database } from './tables.ts';

type Versioned = { migrations: { name: string; applied_at: number } };

interface Migratable {
  dialect: Dialect;
  read: Kysely<Database>;
  write<T>(work: (trx: Transaction<Database>) => Promise<T>): Promise<T>;
}

export async function migrate({ dialect, read, write }: Migratable): Promise<void> {
  // Most starts find nothing to do, and should not wait for a writer to learn that.
  if ((await pending(read, dialect)).length === 0) return;

  await write(async (trx) => {
    for (const statement of dialect.ddl.lock) await statement.execute(trx);
    const db = trx.$extendTables<Versioned>();
    const { text, integer, table } = dialect.ddl;
    await trx.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', text, (column) => column.primaryKey())
      .addColumn('applied_at', integer, (column) => column.notNull())
      .modifyEnd(table)
      .execute();
    for (const { name, up } of await pending(trx, dialect)) {
      await up(trx, dialect.ddl);
      await db.insertInto('migrations').values({ name, applied_at: dialect.now() }).execute();
    }
    await dialect.ddl.describe(trx);
  });
}

async function pending(db: Kysely<Database>, dialect: Dialect): Promise<Migration[]> {
  const exists = dialect.ddl.tableExists('migrations').as('exists');
  const begun = await db.selectNoFrom(exists).executeTakeFirstOrThrow();
  if (!begun.exists) return [...migrations];

  const applied = await db.$extendTables<Versioned>().selectFrom('migrations').select('name').orderBy('name').execute();
  const names = new Set(applied.map(({ name }) => name));
  const unknown = [...names].find((name) => !migrations.some((migration) => migration.name === name));
  if (unknown !== undefined)
    throw new CannotOpenStore(
      `The database has been used by a newer version of Linkspan (it has ${unknown}, which this one does not know). Start that version, or restore a backup made before it.`,
    );
  return migrations.filter(({ name }) => !names.has(name));
}
