/**
 * Lanes that stand by themselves: changes found tenant by tenant, what a scrape and a beat ask for found by index, a target
 * that is tried with one account before it is trusted again, and what kind of failure an account has.
 */
import { sql } from 'kysely';
import { createIndex, type Migration } from './migration.ts';

export const lanes: Migration = {
  name: '0009-lanes',
  async up(db, ddl) {
    await db.schema.alterTable('targets').addColumn('trial_by', ddl.text).execute();
    await db.schema.alterTable('accounts').addColumn('failure', ddl.text).execute();

    await sql`drop index changes_urgent_seq`.execute(db);
    // Word for word as the statements say it: so they are known to fit.
    const order = 'tenant, urgent desc, seq';
    for (const [name, kind] of Object.entries({
      changes_of_users: `subject = 'user'`,
      changes_of_groups: `subject <> 'user' and subject <> 'target' and cursor is null`,
      changes_in_the_background: `(cursor is not null or subject = 'target')`,
    })) {
      await sql`create index ${sql.id(name)} on changes (${sql.raw(order)}) where ${sql.raw(kind)}`.execute(db);
    }
    await createIndex(db, 'changes', ['tenant', 'subject_id']);

    await sql`drop index accounts_tenant_target_id_urgent_desc_due_at`.execute(db);
    await createIndex(db, 'accounts', ['tenant', 'target_id', 'urgent desc', 'due_at', 'changed_at'], {
      where: 'due_at is not null',
    });
    await sql`create index accounts_rejected on accounts (tenant, target_id)
      where outcome = 'reject' and due_at is null`.execute(db);
  },
};
