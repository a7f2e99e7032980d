/** The first tables. What each holds, and its keys and indexes, is described in `../tables.ts`. */
import { createIndex, createTable, type Migration } from './migration.ts';

export const tables: Migration = {
  name: '0001-tables',
  async up(db, ddl) {
    const { text, integer, jsonb } = ddl;

    await createTable(db, ddl, 'tenants', {
      columns: { tenant: text, title: text, idp: text, created_at: integer },
      key: ['tenant'],
    });

    await createTable(db, ddl, 'tokens', {
      columns: {
        tenant: text,
        id: text,
        hash: text,
        label: text,
        created_at: integer,
        expires_at: integer,
        revoked_at: integer,
        last_used_at: integer,
      },
      key: ['tenant', 'id'],
      nullable: ['expires_at', 'revoked_at', 'last_used_at'],
    });
    await createIndex(db, 'tokens', ['hash'], { unique: true });

    await createTable(db, ddl, 'resources', {
      columns: {
        tenant: text,
        id: text,
        type: text,
        version: integer,
        created: text,
        last_modified: text,
        document: text,
        search: jsonb,
        deleted_at: integer,
      },
      key: 'seq',
      nullable: ['deleted_at'],
    });
    await createIndex(db, 'resources', ['tenant', 'id'], { unique: true });
    await createIndex(db, 'resources', ['tenant', 'type', 'seq'], { where: 'deleted_at is null' });

    await createTable(db, ddl, 'lookups', {
      columns: { tenant: text, type: text, path: text, value: text, resource_id: text, is_unique: integer },
      key: ['tenant', 'type', 'path', 'value', 'resource_id'],
      clustered: true,
    });
    await createIndex(db, 'lookups', ['tenant', 'resource_id']);
    await createIndex(db, 'lookups', ['tenant', 'type', 'path', 'value'], { unique: true, where: 'is_unique = 1' });

    await createTable(db, ddl, 'members', {
      columns: {
        tenant: text,
        group_id: text,
        member_id: text,
        display: text,
        member_type: text,
        display_folded: text,
        type_folded: text,
        change_seq: integer,
        removed: integer,
      },
      key: ['tenant', 'group_id', 'member_id'],
      nullable: ['display', 'member_type', 'display_folded', 'type_folded'],
      clustered: true,
    });
    await createIndex(db, 'members', ['tenant', 'member_id', 'group_id']);
    await createIndex(db, 'members', ['tenant', 'group_id', 'change_seq']);

    await createTable(db, ddl, 'changes', {
      columns: {
        tenant: text,
        subject: text,
        subject_id: text,
        activity_id: text,
        urgent: integer,
        cursor: text,
        created_at: integer,
      },
      key: 'seq',
      nullable: ['activity_id', 'cursor'],
    });
    await createIndex(db, 'changes', ['urgent', 'seq']);

    await createTable(db, ddl, 'activity', {
      columns: {
        tenant: text,
        id: text,
        at: integer,
        actor: text,
        action: text,
        resource_type: text,
        resource_id: text,
        detail: text,
      },
      key: ['tenant', 'id'],
    });

    await createTable(db, ddl, 'targets', {
      columns: {
        tenant: text,
        id: text,
        name: text,
        type: text,
        settings: text,
        secrets: text,
        vault: text,
        rules: text,
        pace: text,
        state: text,
        paused_by: text,
        paused_reason: text,
        probe_at: integer,
        revision: integer,
        created_at: integer,
      },
      key: ['tenant', 'id'],
      nullable: ['secrets', 'vault', 'paused_by', 'paused_reason', 'probe_at'],
    });
    await createIndex(db, 'targets', ['tenant', 'name'], { unique: true });

    await createTable(db, ddl, 'accounts', {
      columns: {
        tenant: text,
        target_id: text,
        user_id: text,
        generation: integer,
        observed_generation: integer,
        due_at: integer,
        urgent: integer,
        attempts: integer,
        lease_owner: text,
        lease_epoch: integer,
        verify_after: integer,
        waits_for: text,
        remote_id: text,
        situation: text,
        outcome: text,
        reason: text,
        observed: text,
        memory: text,
        keys: text,
        name: text,
        activity_id: text,
        changed_at: integer,
        last_success_at: integer,
        last_error_at: integer,
      },
      key: ['tenant', 'target_id', 'user_id'],
      nullable: [
        'due_at',
        'lease_owner',
        'verify_after',
        'waits_for',
        'remote_id',
        'situation',
        'outcome',
        'reason',
        'observed',
        'keys',
        'name',
        'activity_id',
        'last_success_at',
        'last_error_at',
      ],
    });
    await createIndex(db, 'accounts', ['tenant', 'target_id', 'urgent desc', 'due_at'], {
      where: 'due_at is not null',
    });
    await createIndex(db, 'accounts', ['tenant', 'user_id']);
    await createIndex(db, 'accounts', ['lease_owner'], { where: 'lease_owner is not null' });
    await createIndex(db, 'accounts', ['tenant', 'target_id', 'waits_for'], { where: 'waits_for is not null' });
    await createIndex(db, 'accounts', ['tenant', 'target_id', 'name']);

    await createTable(db, ddl, 'intents', {
      columns: {
        tenant: text,
        target_id: text,
        user_id: text,
        id: text,
        kind: text,
        keys: text,
        created_at: integer,
        closed_at: integer,
        result: text,
      },
      key: ['tenant', 'target_id', 'user_id', 'id'],
      nullable: ['closed_at', 'result'],
    });

    await createTable(db, ddl, 'receipts', {
      columns: {
        tenant: text,
        id: text,
        target_id: text,
        user_id: text,
        kind: text,
        subject: text,
        requested_at: integer,
        confirmed_at: integer,
        evidence: text,
        emulated: integer,
        activity_id: text,
      },
      key: ['tenant', 'id'],
      nullable: ['subject', 'activity_id'],
    });
    await createIndex(db, 'receipts', ['tenant', 'user_id']);

    await createTable(db, ddl, 'calls', {
      columns: {
        tenant: text,
        id: text,
        target_id: text,
        user_id: text,
        activity_id: text,
        at: integer,
        method: text,
        path: text,
        status: integer,
        duration_ms: integer,
        error: text,
      },
      key: ['tenant', 'id'],
      nullable: ['user_id', 'activity_id', 'status', 'error'],
    });
    await createIndex(db, 'calls', ['tenant', 'user_id', 'at']);

    await createTable(db, ddl, 'remote_links', {
      columns: { system_key: text, remote_id: text, tenant: text, target_id: text, user_id: text },
      key: ['system_key', 'remote_id'],
      clustered: true,
    });

    await createTable(db, ddl, 'processes', {
      columns: { id: text, started_at: integer, alive_until: integer },
      key: ['id'],
    });
  },
};
