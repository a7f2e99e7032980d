/**
 * What a system has no call for and a person has to do there: the actions, and which accounts are looked at again because of
 * them. An intent remembers when it was first committed: what was made in the target since may be its doing.
 */
import { sql } from 'kysely';
import { createIndex, createTable, type Migration } from './migration.ts';

export const actions: Migration = {
  name: '0012-actions',
  async up(db, ddl) {
    const { text, integer } = ddl;
    await createTable(db, ddl, 'actions', {
      columns: {
        tenant: text,
        id: text,
        target_id: text,
        user_id: text,
        kind: text,
        subject: text,
        todo: text,
        opened_at: integer,
        activity_id: text,
        said_at: integer,
        shows: text,
        closed_at: integer,
        closed_by: text,
        actor: text,
        note: text,
      },
      key: ['tenant', 'id'],
      nullable: ['activity_id', 'said_at', 'shows', 'closed_at', 'closed_by', 'actor', 'note'],
    });
    await createIndex(db, 'actions', ['tenant', 'target_id', 'user_id', 'kind', 'subject'], {
      unique: true,
      where: 'closed_at is null',
    });
    await createIndex(db, 'actions', ['tenant', 'user_id']);
    await createIndex(db, 'actions', ['tenant', 'closed_at'], { where: 'closed_at is not null' });

    await db.schema.alterTable('accounts').addColumn('look_at', integer).execute();
    await db.schema
      .alterTable('accounts')
      .addColumn('open_actions', integer, (column) => column.notNull().defaultTo(sql.lit(0)))
      .execute();
    await createIndex(db, 'accounts', ['tenant', 'target_id', 'look_at'], {
      where: 'look_at is not null and due_at is null',
    });
    // Told apart in the index: who is due only to be looked at is not counted as unsettled.
    await sql`drop index accounts_tenant_target_id_urgent_desc_due_at_changed_at`.execute(db);
    await createIndex(db, 'accounts', ['tenant', 'target_id', 'urgent desc', 'due_at', 'changed_at', 'look_at'], {
      where: 'due_at is not null',
    });
    await db.schema.alterTable('intents').addColumn('committed_at', integer).execute();
  },
};
