/** Reconcile: its runs, what is staged of a listing while one is under way, and what was found. */
import { createIndex, createTable, type Migration } from './migration.ts';

export const reconcile: Migration = {
  name: '0008-reconcile',
  async up(db, ddl) {
    const { text, integer } = ddl;
    await createTable(db, ddl, 'reconciles', {
      columns: {
        tenant: text,
        id: text,
        target_id: text,
        revision: integer,
        dry_run: integer,
        state: text,
        owner: text,
        alive_until: integer,
        cursor: text,
        listed: integer,
        found: integer,
        counts: text,
        holds: text,
        started_at: integer,
        listed_at: integer,
        finished_at: integer,
        problem: text,
      },
      key: ['tenant', 'id'],
      nullable: ['owner', 'cursor', 'listed_at', 'finished_at', 'problem'],
    });
    await createIndex(db, 'reconciles', ['tenant', 'target_id', 'started_at']);
    await createTable(db, ddl, 'listed', {
      columns: {
        tenant: text,
        run_id: text,
        remote_id: text,
        user_id: text,
        generation: integer,
        lease_epoch: integer,
        record: text,
        name: text,
        adopter: text,
      },
      key: ['tenant', 'run_id', 'remote_id'],
      nullable: ['user_id', 'generation', 'lease_epoch', 'record', 'name', 'adopter'],
    });
    await createIndex(db, 'listed', ['tenant', 'run_id', 'name'], { where: 'name is not null' });
    await createTable(db, ddl, 'findings', {
      columns: {
        tenant: text,
        run_id: text,
        n: integer,
        kind: text,
        subject: text,
        user_id: text,
        remote_id: text,
        repair: integer,
        detail: text,
      },
      key: ['tenant', 'run_id', 'n'],
      nullable: ['user_id', 'remote_id'],
    });
    await createIndex(db, 'findings', ['tenant', 'run_id', 'kind', 'subject'], { unique: true });
  },
};
