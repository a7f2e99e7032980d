/** Passwords on their way to targets, sealed, until they are delivered; which targets take them; when one was last set. */
import { sql } from 'kysely';
import { createIndex, createTable, type Migration } from './migration.ts';

export const passwords: Migration = {
  name: '0015-passwords',
  async up(db, ddl) {
    const { text, integer } = ddl;
    await createTable(db, ddl, 'passwords', {
      columns: {
        tenant: text,
        user_id: text,
        target_id: text,
        id: text,
        sealed: text,
        initial: integer,
        sent: integer,
        created_at: integer,
      },
      key: ['tenant', 'user_id', 'target_id'],
    });
    await createIndex(db, 'passwords', ['tenant', 'target_id', 'created_at']);
    await db.schema
      .alterTable('targets')
      .addColumn('takes_passwords', integer, (column) => column.notNull().defaultTo(sql.lit(0)))
      .execute();
    await db.schema.alterTable('accounts').addColumn('password_set_at', integer).execute();
  },
};
