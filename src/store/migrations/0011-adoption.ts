/** What an administrator is asked about records that were there before, and how those that are linked were come by. */
import { createIndex, type Migration } from './migration.ts';

export const adoption: Migration = {
  name: '0011-adoption',
  async up(db, ddl) {
    await db.schema.alterTable('accounts').addColumn('adoption', ddl.text).execute();
    await db.schema.alterTable('accounts').addColumn('adopted', ddl.text).execute();
    await createIndex(db, 'accounts', ['tenant', 'target_id', 'user_id'], { where: 'adoption is not null' });
  },
};
