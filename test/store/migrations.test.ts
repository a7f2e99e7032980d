import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Insertable, sql } from 'kysely';
import pg from 'pg';
import { expect, it } from 'vitest';
import { CannotOpenStore } from '../../src/store/errors.ts';
import { openStore } from '../../src/store/store.ts';
import type { Database } from '../../src/store/tables.ts';
import { describeStores, type Open } from '../stores.ts';
import { tenant, tenantNames } from './rows.ts';

const child = join(import.meta.dirname, 'child.ts');

describeStores('migrations', (open) => {
  it('leave what is there alone when they run again', async () => {
    const first = await open();
    await first.write((trx) => trx.insertInto('tenants').values(tenant('acme')).execute());
    await first.close();

    expect(await tenantNames(await open())).toEqual(['acme']);
  });

  it('run once, however many stores open an empty database together', async () => {
    const url = await emptyDatabase(open);
    const stores = await Promise.all(Array.from({ length: 5 }, () => openStore(url)));
    for (const store of stores) expect(await tenantNames(store)).toEqual([]);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('run once, however many processes open an empty database together', async () => {
    const url = await emptyDatabase(open);
    await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, [child, 'open', url])));

    expect(await tenantNames(await open())).toEqual([]);
  });

  it('refuse a database that newer code has been at', async () => {
    const store = await open();
    await store.write((trx) => sql`insert into migrations (name, applied_at) values ('9999-later', 1)`.execute(trx));

    const refused = await openStore(await open.url()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CannotOpenStore);
    expect(String(refused)).toContain('newer version of Linkspan (it has 9999-later');
  });

  it('make the tenants that are there tolerant', async () => {
    const store = await open();
    await store.write((trx) => trx.insertInto('tenants').values(tenant('acme')).execute());
    const undo = [
      'drop table quirks',
      'alter table tenants drop column profile',
      "delete from migrations where name = '0002-quirks'",
    ];
    await store.write(async (trx) => {
      for (const statement of undo) await sql.raw(statement).execute(trx);
    });
    await store.close();

    const migrated = await open();
    const rows = await migrated.read.selectFrom('tenants').selectAll().execute();
    expect(rows).toEqual([{ ...tenant('acme'), profile: 'tolerant' }]);
    expect(await migrated.read.selectFrom('quirks').selectAll().execute()).toEqual([]);
  });

  it('make every table as its type says', async () => {
    const store = await open();
    const search = store.dialect.jsonb('{}');
    for (const [table, row] of Object.entries(fullRows)) {
      const name = table as keyof Database;
      const values = 'search' in row ? { ...row, search } : row;
      await store.write((trx) => trx.insertInto(name).values(values).execute());
      const stored: Record<string, unknown> = await store.read.selectFrom(name).selectAll().executeTakeFirstOrThrow();
      delete stored.seq;
      expect(stored, table).toEqual('search' in row ? { ...row, search: expect.anything() } : row);
    }
  });

  it('never give out a sequence number twice', async () => {
    const store = await open();
    const add = () =>
      store.write((trx) =>
        trx.insertInto('changes').values(fullRows.changes).returning('seq').executeTakeFirstOrThrow(),
      );
    const { seq } = await add();
    await store.write((trx) => trx.deleteFrom('changes').execute());

    expect((await add()).seq).toBeGreaterThan(seq);
  });
});

async function emptyDatabase(open: Open): Promise<string> {
  const url = await open.url();
  if (open.kind === 'sqlite') {
    await rm(url.replace('sqlite:', ''), { force: true });
  } else {
    const client = new pg.Client(url);
    await client.connect();
    await client.query('drop schema public cascade; create schema public');
    await client.end();
  }
  return url;
}

const at = 1_700_000_000_000;

/** One row of each table, with a value in every column. */
const fullRows: { [Table in keyof Database]: Required<Omit<Insertable<Database[Table]>, 'seq'>> } = {
  tenants: { tenant: 'acme', title: 'Acme', idp: 'okta', created_at: at, profile: 'strict' },
  tokens: {
    tenant: 'acme',
    id: 't1',
    hash: 'ab',
    label: 'Okta',
    created_at: at,
    expires_at: at,
    revoked_at: at,
    last_used_at: at,
  },
  resources: {
    tenant: 'acme',
    id: 'u1',
    type: 'User',
    version: 1,
    created: 'c',
    last_modified: 'm',
    document: '{}',
    search: 'is given as JSONB',
    deleted_at: at,
  },
  lookups: { tenant: 'acme', type: 'User', path: 'userName', value: 'jane', resource_id: 'u1', is_unique: 1 },
  tombstones: {
    tenant: 'acme',
    resource_id: 'u1',
    person: 'ab',
    deleted_at: at,
    heir_id: 'u2',
    handed_over_at: at,
  },
  members: {
    tenant: 'acme',
    group_id: 'g1',
    member_id: 'u1',
    display: 'Jane',
    member_type: 'User',
    ref: 'Users/u1',
    display_folded: 'jane',
    type_folded: 'user',
    change_seq: 1,
    removed: 0,
    nested: 0,
  },
  changes: {
    tenant: 'acme',
    subject: 'user',
    subject_id: 'u1',
    activity_id: 'a1',
    urgent: 1,
    cursor: 'u0',
    assessed: 1,
    created_at: at,
  },
  activity: {
    tenant: 'acme',
    id: 'a1',
    request_id: 'a0',
    at,
    actor: 'cli',
    action: 'create',
    resource_type: 'User',
    resource_id: 'u1',
    detail: '{}',
  },
  targets: {
    tenant: 'acme',
    id: 'd1',
    name: 'door',
    type: 'qflow-team',
    settings: '{}',
    secrets: 's',
    vault: 'v',
    rules: '{}',
    pace: '{}',
    limited: 0,
    takes_passwords: 1,
    state: 'paused',
    paused_by: 'admin',
    paused_reason: 'holiday',
    probe_at: at,
    trial_by: 'p1',
    revision: 1,
    created_at: at,
  },
  accounts: {
    tenant: 'acme',
    target_id: 'd1',
    user_id: 'u1',
    generation: 2,
    observed_generation: 1,
    due_at: at,
    urgent: 1,
    attempts: 3,
    lease_owner: 'p1',
    lease_epoch: 4,
    verify_after: at,
    waits_for: 'u2',
    remote_id: 'r1',
    situation: 'confirmed',
    outcome: 'done',
    reason: 'r',
    failure: 'transient',
    adoption: '{}',
    adopted: '{}',
    observed: '{}',
    memory: '{}',
    keys: '{}',
    name: 'jane',
    activity_id: 'a1',
    changed_at: at,
    last_success_at: at,
    last_error_at: at,
    removals: '{}',
    removal_asked_at: at,
    removal_activity_id: 'a1',
    look_at: at,
    open_actions: 1,
    password_set_at: at,
  },
  passwords: {
    tenant: 'acme',
    user_id: 'u1',
    target_id: 'd1',
    id: 'p1',
    sealed: 'sealed',
    initial: 1,
    sent: 0,
    created_at: at,
  },
  intents: {
    tenant: 'acme',
    target_id: 'd1',
    user_id: 'u1',
    id: 'i1',
    kind: 'create',
    keys: '{}',
    created_at: at,
    closed_at: at,
    result: 'linked',
    committed_at: at,
  },
  actions: {
    tenant: 'acme',
    id: 'k3xw8q2p',
    target_id: 'd1',
    user_id: 'u1',
    kind: 'unassign',
    subject: 'Viewer',
    todo: 'Take the role Viewer away',
    opened_at: at,
    activity_id: 'a1',
    said_at: at,
    shows: 'a record with Viewer',
    closed_at: at,
    closed_by: 'seen',
    actor: 'cli:jane',
    note: 'done',
  },
  receipts: {
    tenant: 'acme',
    id: 'r1',
    target_id: 'd1',
    user_id: 'u1',
    kind: 'delete',
    subject: 'event',
    requested_at: at,
    confirmed_at: at,
    evidence: 'read',
    emulated: 1,
    activity_id: 'a1',
    actor: 'cli',
  },
  calls: {
    tenant: 'acme',
    id: 'c1',
    target_id: 'd1',
    user_id: 'u1',
    activity_id: 'a1',
    at,
    method: 'GET',
    path: '/',
    status: 200,
    duration_ms: 5,
    error: 'e',
  },
  remote_links: { system_key: 's', remote_id: 'r1', tenant: 'acme', target_id: 'd1', user_id: 'u1' },
  processes: { id: 'p1', started_at: at, alive_until: at },
  reconciles: {
    tenant: 'acme',
    id: 'r1',
    target_id: 'd1',
    revision: 2,
    dry_run: 1,
    state: 'joining',
    owner: 'p1',
    alive_until: at,
    cursor: 'u1',
    listed: 5,
    found: 2,
    counts: '{}',
    holds: '[]',
    started_at: at,
    listed_at: at,
    finished_at: at,
    problem: 'p',
  },
  listed: {
    tenant: 'acme',
    run_id: 'r1',
    remote_id: 'x1',
    user_id: 'u1',
    generation: 1,
    lease_epoch: 2,
    record: '{}',
    name: 'jane',
    adopter: 'u2',
  },
  findings: {
    tenant: 'acme',
    run_id: 'r1',
    n: 1,
    kind: 'drift',
    subject: 'u1',
    user_id: 'u1',
    remote_id: 'x1',
    repair: 1,
    detail: '{}',
  },
  catalogue: {
    tenant: 'acme',
    target_id: 'd1',
    kind: 'event',
    entry_id: '1001',
    name: 'Gala',
    description: 'd',
    weight: '1.5',
    scim_id: 'e1',
    seen_at: at,
    gone_at: at,
  },
  catalogue_looks: {
    tenant: 'acme',
    target_id: 'd1',
    revision: 2,
    owner: 'o1',
    alive_until: at,
    tried_at: at,
    refreshed_at: at,
    problem: 'p',
  },
  holds: {
    tenant: 'acme',
    id: 'h1',
    target_id: 'd1',
    kind: 'disable',
    origin: 'rules',
    state: 'approved',
    reason: 'r',
    created_at: at,
    decided_at: at,
    decided_by: 'cli:ann',
    expires_at: at,
    closed_at: at,
  },
  hold_items: {
    tenant: 'acme',
    target_id: 'd1',
    user_id: 'u1',
    kind: 'disable',
    hold_id: 'h1',
    woken: 1,
    created_at: at,
  },
  starts: { tenant: 'acme', target_id: 'd1', kind: 'disable', user_id: 'u1', started_at: at, counted: 1 },
  derived: { name: 'search', made_by: 'rules' },
  quirks: { tenant: 'acme', rule: 'op-case', count: 3, first_at: at, last_at: at, example: '{}' },
};
