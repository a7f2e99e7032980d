/** Which members are groups themselves, so that the groups below a group are found without reading its users. */
import { sql } from 'kysely';
import { createIndex, type Migration } from './migration.ts';

export const nesting: Migration = {
  name: '0013-nesting',
  async up(db, ddl) {
    await db.schema
      .alterTable('members')
      .addColumn('nested', ddl.integer, (column) => column.notNull().defaultTo(0))
      .execute();
    await sql`update members set nested = 1 where (tenant, member_id) in (select tenant, id from resources where type = 'Group')`.execute(
      db,
    );
    await createIndex(db, 'members', ['tenant', 'nested', 'group_id', 'member_id'], { where: 'nested = 1' });
    // They granted nothing before: everybody in these tenants is looked at.
    await sql`insert into changes (tenant, subject, subject_id, activity_id, urgent, cursor, assessed, created_at)
      select tenant, 'target', id, null, 0, null, 0, ${Date.now()} from targets
      where tenant in (select tenant from members where nested = 1)`.execute(db);
  },
};
