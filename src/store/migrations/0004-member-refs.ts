/** The `$ref` of a member, which is echoed as it was sent. */
import type { Migration } from './migration.ts';

export const memberRefs: Migration = {
  name: '0004-member-refs',
  async up(db, ddl) {
    await db.schema.alterTable('members').addColumn('ref', ddl.text).execute();
  },
};
