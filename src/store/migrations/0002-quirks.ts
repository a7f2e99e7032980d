/** The quirk ledger, and how a tenant wants unknown attributes to be taken. */
import { sql } from 'kysely';
import { createTable, type Migration } from './migration.ts';

export const quirks: Migration = {
  name: '0002-quirks',
  async up(db, ddl) {
    const { text, integer } = ddl;

    await db.schema
      .alterTable('tenants')
      .addColumn('profile', text, (column) => column.notNull().defaultTo(sql.lit('tolerant')))
      .execute();

    await createTable(db, ddl, 'quirks', {
      columns: { tenant: text, rule: text, count: integer, first_at: integer, last_at: integer, example: text },
      key: ['tenant', 'rule'],
      clustered: true,
    });
  },
};
