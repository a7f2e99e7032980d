import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreUnavailable } from '../../src/store/errors.ts';
import type { StoreOptions } from '../../src/store/store.ts';
import type { Database } from '../../src/store/tables.ts';
import { testDatabase } from '../stores.ts';
import { tenant, tenantNames } from './rows.ts';

/** A store on a database of its own, and a connection beside it. */
async function open(options?: StoreOptions) {
  const database = await testDatabase('postgres');
  const beside = new pg.Client(database.url);
  await beside.connect();
  onTestFinished(async () => {
    await beside.end();
    await database.drop();
  });
  const store = await database.open(options);
  await store.write((trx) => trx.insertInto('tenants').values(['a', 'b'].map(tenant)).execute());
  return { store, beside };
}

const rename = (db: Kysely<Database>, name: string, title: string) =>
  db.updateTable('tenants').set({ title }).where('tenant', '=', name).execute();

/** Ends all other connections to this database, as a restart of the server does. */
const cut = (beside: pg.Client) =>
  beside.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`);

describe('a store on PostgreSQL', () => {
  it('runs a write again after a deadlock', async () => {
    const { store } = await open();
    const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let runs = 0;
    const crossing = (first: string, second: string, n: number) =>
      store.write(async (trx) => {
        runs++;
        await rename(trx, first, `first ${n}`);
        held[n]?.resolve();
        await held[1 - n]?.promise;
        await rename(trx, second, `second ${n}`);
      });
    await Promise.all([crossing('a', 'b', 0), crossing('b', 'a', 1)]);
    expect(runs).toBeGreaterThan(2);
  });

  it('runs a write again after a conflict, and gives up when that never ends', async () => {
    const { store } = await open();
    let runs = 0;
    const conflict = store.write(async (trx) => {
      runs++;
      await sql`do $$ begin raise exception 'conflict' using errcode = '40001'; end $$`.execute(trx);
    });
    await expect(conflict).rejects.toBeInstanceOf(StoreUnavailable);
    expect(runs).toBe(6);
  });

  it('says that it is unavailable when a connection breaks, and goes on with another', async () => {
    const { store, beside } = await open();
    const broken = store.write(async (trx) => {
      await rename(trx, 'a', 'lost');
      await cut(beside);
      await rename(trx, 'b', 'lost');
    });
    await expect(broken).rejects.toBeInstanceOf(StoreUnavailable);
    // Its idle connections are gone too, which it may find out only by using them.
    await expect.poll(() => tenantNames(store).catch(() => 'not yet')).toEqual(['a', 'b']);
    await store.write((trx) => rename(trx, 'a', 'kept'));
    const titles = await store.read.selectFrom('tenants').select('title').orderBy('tenant').execute();
    expect(titles).toEqual([{ title: 'kept' }, { title: 'b' }]);
  });

  it('cancels a statement that takes too long', async () => {
    const { store } = await open({ statementTimeoutMs: 50 });
    await expect(sql`select pg_sleep(5)`.execute(store.read)).rejects.toMatchObject({
      message: 'A statement took too long and was cancelled.',
    });
    await store.write((trx) => rename(trx, 'a', 'kept'));
  });

  it('gives up a connection that says nothing any more, and goes on with another', async () => {
    const { store } = await open({ statementTimeoutMs: 50, poolSize: 1 });
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(store.read);
    const pid = rows[0]?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(pid, 'SIGCONT'));
    await expect(tenantNames(store)).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await tenantNames(store)).toEqual(['a', 'b']);
  });

  it('can read while every connection for writes is taken', async () => {
    const { store } = await open({ poolSize: 2 });
    const writes = ['a', 'b'].map((name) =>
      store.write(async (trx) => {
        await rename(trx, name, 'new');
        return tenantNames(store);
      }),
    );
    expect(await Promise.all(writes)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
  });

  it('calls itself linkspan', async () => {
    const { store, beside } = await open();
    await tenantNames(store);
    const { rows } = await beside.query(
      `select distinct application_name from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    expect(rows).toEqual([{ application_name: 'linkspan' }]);
  });
});
