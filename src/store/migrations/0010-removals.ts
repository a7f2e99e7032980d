/** Which removals of an account have been asked for and are not confirmed yet, and who asked for those that were. */
import { createIndex, type Migration } from './migration.ts';

export const removals: Migration = {
  name: '0010-removals',
  async up(db, ddl) {
    await db.schema.alterTable('accounts').addColumn('removals', ddl.text).execute();
    await db.schema.alterTable('accounts').addColumn('removal_asked_at', ddl.integer).execute();
    await db.schema.alterTable('accounts').addColumn('removal_activity_id', ddl.text).execute();
    await db.schema.alterTable('receipts').addColumn('actor', ddl.text).execute();
    await createIndex(db, 'accounts', ['tenant', 'removal_asked_at', 'target_id', 'user_id'], {
      where: 'removal_asked_at is not null',
    });
    await createIndex(db, 'accounts', ['tenant', 'removal_activity_id'], { where: 'removal_activity_id is not null' });
    await createIndex(db, 'receipts', ['tenant', 'confirmed_at', 'id']);
  },
};
