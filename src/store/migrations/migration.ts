/**
 * What a migration is, and the two things that most of them do. A migration is frozen once released: it must not follow
 * `tables.ts`, which describes today, and what it made wrong a later one puts right.
 */
import { type CreateTableBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Ddl } from '../dialect.ts';
import type { Database } from '../tables.ts';

export interface Migration {
  /** Recorded in the database. The number orders, the words explain: `0002-webhooks`. */
  name: string;
  /** Runs inside a transaction, with the only lock on the schema. */
  up(db: Kysely<Database>, ddl: Ddl): Promise<void>;
}

export interface TableShape {
  columns: Readonly<Record<string, RawBuilder<unknown>>>;
  /** Columns of the primary key, or `seq`: an insertion sequence is added in front of the columns. */
  key: readonly string[] | 'seq';
  nullable?: readonly string[];
  /** Narrow rows that are read by ranges of their primary key. */
  clustered?: boolean;
}

export async function createTable(db: Kysely<Database>, ddl: Ddl, name: string, shape: TableShape): Promise<void> {
  const sequenced = shape.key === 'seq';
  const key = shape.key === 'seq' ? ['tenant', 'seq'] : shape.key;
  let table: CreateTableBuilder<string, string> = db.schema.createTable(name);
  table = table.modifyEnd(shape.clustered ? ddl.clusteredTable : ddl.table);
  if (sequenced) table = table.addColumn('seq', ddl.sequence);
  for (const [column, type] of Object.entries(shape.columns))
    table = table.addColumn(column, type, (definition) =>
      shape.nullable?.includes(column) ? definition : definition.notNull(),
    );
  if (!(sequenced && ddl.sequenceIsKey)) table = table.addPrimaryKeyConstraint(`${name}_key`, [...key]);
  await table.execute();
}

/** `columns` and `where` are SQL: `urgent desc`, `deleted_at is null`. */
export async function createIndex(
  db: Kysely<Database>,
  table: string,
  columns: readonly string[],
  options: { unique?: boolean; where?: string } = {},
): Promise<void> {
  const name = [table, ...columns].join('_').replaceAll(' ', '_');
  const unique = sql.raw(options.unique ? 'unique ' : '');
  const where = sql.raw(options.where ? ` where ${options.where}` : '');
  await sql`create ${unique}index ${sql.id(name)} on ${sql.id(table)} (${sql.raw(columns.join(', '))})${where}`.execute(
    db,
  );
}
