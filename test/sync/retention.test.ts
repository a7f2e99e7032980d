import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { Store } from '../../src/store/store.ts';
import { forget } from '../../src/sync/upkeep/retention.ts';
import { eventually, startLinkspan, startSandbox } from '../linkspan.ts';
import { type Kind, openTestStore, testDatabase } from '../stores.ts';

const DAY = 86_400_000;
const KEEP = { days: 90, receiptDays: 400 };
const TABLES = ['activity', 'calls', 'receipts'] as const;

/** As the ids that are made at this instant. */
function idAt(millis: number, n: number): string {
  const hex = millis.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(n).padStart(12, '0')}`;
}

/** One request with one call and one receipt, `daysAgo`. @returns the request's id. */
async function history(store: Store, daysAgo: number, { n = 0, tenant = 'acme' } = {}): Promise<string> {
  const at = Date.now() - daysAgo * DAY;
  const id = idAt(at, n);
  const about = { tenant, id, target_id: 'door', user_id: 'jane' };
  await store.write(async (trx) => {
    const activity = { tenant, id, at, actor: 'cli', action: 'patch', resource_type: 'User', resource_id: 'jane' };
    await trx
      .insertInto('activity')
      .values({ ...activity, detail: '{"changed":[]}' })
      .execute();
    await trx
      .insertInto('calls')
      .values({ ...about, activity_id: id, at, method: 'GET', path: '/', status: 200, duration_ms: 1 })
      .execute();
    await trx
      .insertInto('receipts')
      .values({
        ...about,
        kind: 'delete',
        requested_at: at,
        confirmed_at: at,
        evidence: 'read',
        emulated: 0,
        activity_id: id,
      })
      .execute();
  });
  return id;
}

async function account(store: Store, activity_id: string, due_at: number | null): Promise<void> {
  const bare = { generation: 1, observed_generation: 0, urgent: 0, attempts: 9, lease_epoch: 0, memory: '{}' } as const;
  await store.write((trx) =>
    trx
      .insertInto('accounts')
      .values({ tenant: 'acme', target_id: 'door', user_id: 'jane', ...bare, due_at, activity_id, changed_at: 0 })
      .execute(),
  );
}

async function left(store: Store): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of TABLES) {
    const rows = await store.read.selectFrom(table).select('id').orderBy('id').execute();
    found[table] = rows.map((row) => row.id);
  }
  return found;
}

async function storeOf(kind: Kind, ...tenants: string[]): Promise<Store> {
  const store = await openTestStore(kind);
  const rows = ['acme', ...tenants].map((tenant) => ({ tenant, title: tenant, idp: 'generic', created_at: 0 }));
  await store.write((trx) => trx.insertInto('tenants').values(rows).execute());
  return store;
}

describe.each(['sqlite', 'postgres'] as const)('what was done is forgotten (%s)', (kind) => {
  it('activity and calls after 90 days, receipts after 400, and not a day before', async () => {
    const store = await storeOf(kind);
    const old = await history(store, 401);
    const receipted = await history(store, 399);
    const aged = await history(store, 91);
    const young = await history(store, 89);
    expect(await forget(store, KEEP)).toBe(7);
    expect(await left(store)).toEqual({ activity: [young], calls: [young], receipts: [receipted, aged, young] });
    expect(await forget(store, KEEP)).toBe(0);
    expect(await forget(store, KEEP, { now: Date.now() + 2 * DAY })).toBe(3);
    expect(await left(store)).toEqual({ activity: [], calls: [], receipts: [aged, young] });
    expect(old < receipted).toBe(true);
  });

  it('but not what an account is still due for', async () => {
    const store = await storeOf(kind);
    const open = await history(store, 500);
    await history(store, 500, { n: 1 });
    await account(store, open, Date.now() + 3_600_000);
    await forget(store, KEEP);
    expect(await left(store)).toEqual({ activity: [open], calls: [open], receipts: [open] });
    await store.write((trx) => trx.updateTable('accounts').set({ due_at: null }).execute());
    expect(await forget(store, KEEP)).toBe(3);
  });

  it('in every tenant, in slices, past what stays, by several processes at once', async () => {
    const store = await storeOf(kind, 'globex');
    const day = Date.now() - 500 * DAY;
    const rows = ['acme', 'globex'].flatMap((tenant) =>
      Array.from({ length: 1_000 }, (_, n) => ({
        tenant,
        id: idAt(day + (n % 7), n),
        at: day,
        actor: 'cli',
        action: 'patch',
        resource_type: 'User',
        resource_id: 'jane',
        detail: '{}',
      })),
    );
    await store.write(async (trx) => {
      for (let from = 0; from < rows.length; from += 200) {
        await trx
          .insertInto('activity')
          .values(rows.slice(from, from + 200))
          .execute();
      }
    });
    // A whole slice that stays must not hide the rest.
    const oldest = rows
      .filter(({ tenant }) => tenant === 'acme')
      .map(({ id }) => id)
      .toSorted()
      .slice(0, 250);
    await store.write((trx) =>
      trx
        .insertInto('accounts')
        .values(
          oldest.map((activity_id, n) => ({
            tenant: 'acme',
            target_id: 'door',
            user_id: `u${n}`,
            generation: 1,
            observed_generation: 0,
            due_at: 1,
            urgent: 0,
            attempts: 0,
            lease_epoch: 0,
            memory: '{}',
            activity_id,
            changed_at: 0,
          })),
        )
        .execute(),
    );
    const counts = await Promise.all([forget(store, KEEP), forget(store, KEEP), forget(store, KEEP)]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1_750);
    expect((await left(store)).activity).toEqual(oldest);
  });

  it('and it stops when it is told to', async () => {
    const store = await storeOf(kind);
    await history(store, 500);
    expect(await forget(store, KEEP, { signal: AbortSignal.abort() })).toBe(0);
    expect((await left(store)).activity).toHaveLength(1);
  });
});

it('a server does it by itself soon after its start, with the days that it was given', async () => {
  const database = await testDatabase('sqlite');
  const sandbox = await startSandbox();
  onTestFinished(async () => {
    await sandbox.close();
    await database.drop();
  });
  const first = await startLinkspan({ databaseUrl: database.url, sandbox, targets: ['dashboard'] });
  const { id } = (await first.scim('POST', '/Users', { userName: 'jane' })).body;
  await first.settled();
  await first.scim('DELETE', `/Users/${id}`);
  await first.settled();
  expect(Object.values(await left(first.app.store)).every((ids) => ids.length > 0)).toBe(true);
  await first.close();
  const store = { clock: () => Date.now() + 91 * DAY };
  const second = await startLinkspan({ databaseUrl: database.url, sandbox, tenant: null, store });
  await eventually('it is forgotten', async () => {
    const { activity, calls } = await left(second.app.store);
    return activity?.length === 0 && calls?.length === 0;
  });
  expect((await left(second.app.store)).receipts).toHaveLength(1);
});

it('SQLite asks for what is old by the primary key, and for open accounts by an index', async () => {
  const statements: string[] = [];
  const store = await openTestStore('sqlite', { onStatement: (text) => statements.push(text) });
  await store.write((trx) =>
    trx.insertInto('tenants').values({ tenant: 'acme', title: '', idp: 'generic', created_at: 0 }).execute(),
  );
  await history(store, 500);
  statements.length = 0;
  await forget(store, KEEP);
  const asked = statements.filter((text) => /^(select "id"|delete) from/.test(text));
  // Actions are found by when they were closed, and depend on no account.
  const [actions, ...others] = [
    ...asked.filter((text) => text.includes('"actions"')),
    ...asked.filter((text) => !text.includes('"actions"')),
  ];
  expect(actions).toContain('"actions"');
  expect(others).toHaveLength(6);
  for (const text of others) {
    const { rows } = await sql
      .raw<{ detail: string }>(`explain query plan ${text.replaceAll('?', "'x'")}`)
      .execute(store.read);
    const plan = rows.map(({ detail }) => detail).join('\n');
    expect(plan).toMatch(
      /SEARCH (activity|calls|receipts) USING (COVERING )?INDEX sqlite_autoindex_\w+ \(tenant=\? AND id/,
    );
    expect(plan).not.toMatch(/SCAN|TEMP B-TREE/);
    if (text.startsWith('delete')) {
      expect(plan).toMatch(/SEARCH accounts USING INDEX accounts_tenant_activity_id \(tenant=\? AND activity_id=\?\)/);
    }
  }
});

it('days are whole numbers from 1 on, and what is not is named with the rest', () => {
  expect(readConfig({})).toMatchObject({ keepDays: 90, keepReceiptDays: 400 });
  const env = { LINKSPAN_KEEP_DAYS: '1', LINKSPAN_KEEP_RECEIPT_DAYS: ' 3650 ' };
  expect(readConfig(env)).toMatchObject({ keepDays: 1, keepReceiptDays: 3_650 });
  for (const wrong of ['0', '-1', '1.5', 'ninety', '100000', '1e3']) {
    const read = () => readConfig({ LINKSPAN_KEEP_DAYS: wrong, LINKSPAN_KEEP_RECEIPT_DAYS: wrong });
    expect(read).toThrow(/LINKSPAN_KEEP_DAYS must be a whole number of days.*\nLINKSPAN_KEEP_RECEIPT_DAYS must/);
  }
});
