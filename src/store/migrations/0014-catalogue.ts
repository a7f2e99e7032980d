/** What each target has to assign, and how the last look at it went. */
import { createIndex, createTable, type Migration } from './migration.ts';

export const catalogue: Migration = {
  name: '0014-catalogue',
  async up(db, ddl) {
    const { text, integer } = ddl;
    await createTable(db, ddl, 'catalogue', {
      columns: {
        tenant: text,
        target_id: text,
        kind: text,
        entry_id: text,
        name: text,
        description: text,
        weight: text,
        scim_id: text,
        seen_at: integer,
        gone_at: integer,
      },
      key: ['tenant', 'target_id', 'kind', 'entry_id'],
      nullable: ['description', 'weight', 'gone_at'],
    });
    await createIndex(db, 'catalogue', ['tenant', 'scim_id'], { unique: true });
    await createTable(db, ddl, 'catalogue_looks', {
      columns: {
        tenant: text,
        target_id: text,
        revision: integer,
        owner: text,
        alive_until: integer,
        tried_at: integer,
        refreshed_at: integer,
        problem: text,
      },
      key: ['tenant', 'target_id'],
      nullable: ['revision', 'owner', 'tried_at', 'refreshed_at', 'problem'],
    });
  },
};
