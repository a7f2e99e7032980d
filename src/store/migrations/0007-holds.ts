/** Holds: the sets that wait for an administrator, their accounts, and what was started lately where that is limited. */
import { sql } from 'kysely';
import { createIndex, createTable, type Migration } from './migration.ts';

export const holds: Migration = {
  name: '0007-holds',
  async up(db, ddl) {
    const { text, integer } = ddl;
    await db.schema
      .alterTable('changes')
      .addColumn('assessed', integer, (column) => column.notNull().defaultTo(sql.lit(0)))
      .execute();
    // Found across tenants too, however many changes of users are waiting.
    await createIndex(db, 'changes', ['assessed', 'tenant', 'seq'], { where: 'assessed = 0' });
    // The targets that are there have the default limits from now on.
    await db.schema
      .alterTable('targets')
      .addColumn('limited', integer, (column) => column.notNull().defaultTo(sql.lit(1)))
      .execute();
    await createTable(db, ddl, 'holds', {
      columns: {
        tenant: text,
        id: text,
        target_id: text,
        kind: text,
        origin: text,
        state: text,
        reason: text,
        created_at: integer,
        decided_at: integer,
        decided_by: text,
        expires_at: integer,
        closed_at: integer,
      },
      key: ['tenant', 'id'],
      nullable: ['decided_at', 'decided_by', 'expires_at', 'closed_at'],
    });
    await createIndex(db, 'holds', ['tenant', 'target_id', 'kind'], { where: 'closed_at is null' });
    await createTable(db, ddl, 'hold_items', {
      columns: {
        tenant: text,
        target_id: text,
        user_id: text,
        kind: text,
        hold_id: text,
        woken: integer,
        created_at: integer,
      },
      key: ['tenant', 'target_id', 'user_id', 'kind'],
      clustered: true,
    });
    await createIndex(db, 'hold_items', ['tenant', 'hold_id', 'woken', 'user_id']);
    await createTable(db, ddl, 'starts', {
      columns: { tenant: text, target_id: text, kind: text, user_id: text, started_at: integer, counted: integer },
      key: ['tenant', 'target_id', 'kind', 'user_id'],
      clustered: true,
    });
    await createIndex(db, 'starts', ['tenant', 'target_id', 'kind', 'started_at']);
  },
};
