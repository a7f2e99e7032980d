/**
 * What SQLite's planner is told about the tables. Without statistics it takes every index to be about as good as any
 * other, and reads all users of a tenant where one row of an index would have told (50,000 users: 75 ms instead of 0.1).
 * ANALYZE would describe a database as it happened to be; this describes the large one for which plans matter.
 */
import { type Kysely, sql } from 'kysely';
import type { Database } from './tables.ts';

const ROWS = 1_000_000;

/** How many different values a column has in a table of ROWS; a column that is not here has one a row. */
const DISTINCT: Readonly<Record<string, number>> = {
  tenant: 20,
  type: 2,
  path: 5,
  is_unique: 2,
  deleted_at: 1_000,
  urgent: 2,
  target_id: 5,
  subject: 4,
  due_at: 10_000,
  lease_owner: 10,
  waits_for: 10_000,
  group_id: 1_000,
  nested: 1_000,
  member_id: 50_000,
  resource_id: 50_000,
  user_id: 50_000,
  run_id: 100,
  hold_id: 10_000,
  kind: 5,
  woken: 2,
  change_seq: 10_000,
  assessed: 1_000,
  look_at: 10_000,
  closed_at: 10_000,
};

interface Statistic {
  tbl: string;
  idx: string;
  stat: string;
}

/** To be run after migrations, in their transaction, so that every connection learns of it with the new tables. */
export async function writeStatistics(db: Kysely<Database>): Promise<void> {
  const indexed = await sql<{ tbl: string; idx: string; origin: string; rowid: number; columns: string }>`
    select t.name as tbl, i.name as idx, i.origin, t.wr = 0 as rowid,
      (select json_group_array(c.name order by c.seqno) from pragma_index_info(i.name) as c) as columns
    from pragma_table_list as t join pragma_index_list(t.name) as i
    where t.type = 'table' and t.schema = 'main' and t.name not like 'sqlite%'`.execute(db);
  const statistics = indexed.rows.map(({ tbl, idx, origin, rowid, columns }): Statistic => {
    const isPrimary = origin === 'pk';
    // The primary key of a table without rowid goes by the table's name.
    return { tbl, idx: isPrimary && !rowid ? tbl : idx, stat: statOf(JSON.parse(columns) as string[], isPrimary) };
  });
  const tables = db.$extendTables<{ sqlite_stat1: Statistic }>();
  // Makes the table of statistics where there is none.
  await sql`analyze migrations`.execute(db);
  await tables.deleteFrom('sqlite_stat1').execute();
  await tables.insertInto('sqlite_stat1').values(statistics).execute();
  await sql`analyze sqlite_schema`.execute(db);
}

/** SQLite's notation: rows of the table, then how many share the first column, the first two, and so on. */
function statOf(columns: readonly string[], isPrimary: boolean): string {
  let different = 1;
  const shared = columns.map((column, index) => {
    different *= DISTINCT[column] ?? ROWS;
    return isPrimary && index === columns.length - 1 ? 1 : Math.max(1, Math.round(ROWS / different));
  });
  return [ROWS, ...shared].join(' ');
}
