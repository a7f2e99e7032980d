/** Tombstones of deleted users, and the indexes by which a rehire and the purge find what hangs on a user. */
import { createIndex, createTable, type Migration } from './migration.ts';

export const tombstones: Migration = {
  name: '0003-tombstones',
  async up(db, ddl) {
    const { text, integer } = ddl;
    await createTable(db, ddl, 'tombstones', {
      columns: {
        tenant: text,
        resource_id: text,
        person: text,
        deleted_at: integer,
        heir_id: text,
        handed_over_at: integer,
      },
      key: ['tenant', 'resource_id'],
      nullable: ['heir_id', 'handed_over_at'],
    });
    await createIndex(db, 'tombstones', ['tenant', 'person'], { where: 'heir_id is null' });
    await createIndex(db, 'tombstones', ['tenant', 'heir_id'], { where: 'heir_id is not null' });
    await createIndex(db, 'remote_links', ['tenant', 'user_id']);
    await createIndex(db, 'resources', ['deleted_at', 'id'], { where: 'deleted_at is not null' });
  },
};
