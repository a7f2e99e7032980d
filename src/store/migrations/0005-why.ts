/**
 * What leads from a request to what came of it, and back: the operations of a Bulk request, and indexes by which a request's
 * accounts, calls and receipts are found, and the latest ones of a user or a target.
 */
import { createIndex, type Migration } from './migration.ts';

export const why: Migration = {
  name: '0005-why',
  async up(db, ddl) {
    await db.schema.alterTable('activity').addColumn('request_id', ddl.text).execute();
    await createIndex(db, 'activity', ['tenant', 'request_id'], { where: 'request_id is not null' });
    await createIndex(db, 'activity', ['tenant', 'resource_id', 'at']);
    await createIndex(db, 'accounts', ['tenant', 'activity_id'], { where: 'activity_id is not null' });
    await createIndex(db, 'receipts', ['tenant', 'activity_id'], { where: 'activity_id is not null' });
    await createIndex(db, 'receipts', ['tenant', 'target_id', 'confirmed_at']);
    await createIndex(db, 'calls', ['tenant', 'activity_id', 'at'], { where: 'activity_id is not null' });
    await createIndex(db, 'calls', ['tenant', 'target_id', 'at']);
  },
};
