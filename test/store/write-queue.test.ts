import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreUnavailable, UniqueViolation } from '../../src/store/errors.ts';
import type { StoreOptions } from '../../src/store/store.ts';
import type { Database } from '../../src/store/tables.ts';
import { testDatabase } from '../stores.ts';
import { change, tenant, tenantNames } from './rows.ts';

const add = (db: Kysely<Database>, name: string) => db.insertInto('tenants').values(tenant(name)).execute();

/** A store on a file of its own, its statements from now on, and how to open it again. A slow machine splits no batch. */
async function open(options: StoreOptions = {}) {
  const database = await testDatabase('sqlite');
  onTestFinished(() => database.drop());
  const statements: string[] = [];
  const store = await database.open({ batchMs: 10_000, ...options, onStatement: (text) => statements.push(text) });
  statements.length = 0;
  const file = database.url.replace('sqlite:', '');
  return { store, statements, file, url: database.url, again: () => database.open() };
}

function settle<T>(count: number, job: (n: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(Array.from({ length: count }, (_, n) => job(n)));
}

describe('the write queue', () => {
  it('commits once for all jobs that come together, and tells them only then', async () => {
    const { store, statements } = await open();
    const committed = () => statements.filter((text) => text === 'commit').length;
    const before: number[] = [];
    await settle(20, (n) => store.write((trx) => add(trx, `t${n}`)).then(() => before.push(committed())));

    expect(committed()).toBe(1);
    expect(before).toEqual(Array.from({ length: 20 }, () => 1));
    expect(statements.filter((text) => text === 'savepoint job')).toHaveLength(20);
  });

  it('takes into one commit what arrives in one turn of the event loop', async () => {
    const { store, statements } = await open();
    // Callbacks of their own, as requests are: all that follows from one has run before the next begins.
    const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
    await settle(5, (n) => oneTurn().then(() => store.write((trx) => add(trx, `t${n}`))));
    expect(statements.filter((text) => text === 'commit')).toHaveLength(1);
  });

  it('lets a lone job wait for nobody', async () => {
    const { store, statements } = await open();
    const write = store.write((trx) => add(trx, 'alone'));
    await new Promise(setImmediate);
    expect(statements.at(-1)).toBe('commit');
    await write;
  });

  it('commits before the first jobs have waited for long', async () => {
    const { store, statements } = await open({ batchMs: 0 });
    await settle(3, (n) => store.write((trx) => add(trx, `t${n}`)));
    expect(statements.filter((text) => text === 'commit')).toHaveLength(3);
  });

  it('commits after a hundred jobs', async () => {
    const { store, statements } = await open();
    await settle(250, (n) => store.write((trx) => add(trx, `t${n}`)));
    expect(statements.filter((text) => text === 'commit')).toHaveLength(3);
  });

  it('runs one job at a time', async () => {
    const { store, statements } = await open();
    await settle(5, (n) =>
      store.write(async (trx) => {
        await add(trx, `t${n}`);
        if (n === 2) throw new Error('no');
        await add(trx, `t${n}b`);
      }),
    );
    const shape = statements.map((text) => text.split(' ')[0]).join(' ');
    const job = 'savepoint insert insert release';
    expect(shape).toBe(`begin ${job} ${job} savepoint insert rollback release ${job} ${job} commit`);
  });

  it('refuses the whole batch when the commit fails, even those that failed by themselves', async () => {
    const { store, again } = await open();
    // A deferred foreign key is checked at COMMIT, and leaves the transaction open.
    await store.write(async (trx) => {
      await sql`create table parent (id integer primary key)`.execute(trx);
      await sql`create table child (id integer references parent deferrable initially deferred)`.execute(trx);
    });
    const results = await settle(4, (n) =>
      store.write(async (trx) => {
        if (n === 2) await sql`insert into child values (7)`.execute(trx);
        // The second `same` is taken only as long as the first is kept, and it is not.
        else await add(trx, 'same');
      }),
    );
    for (const result of results) expect(result).toMatchObject({ reason: expect.any(StoreUnavailable) });

    await store.write((trx) => add(trx, 'same'));
    await expect(store.write((trx) => add(trx, 'same'))).rejects.toBeInstanceOf(UniqueViolation);
    expect(await tenantNames(await again())).toEqual(['same']);
  });

  it('refuses the whole batch when the disk is full, and keeps all that it acknowledged', async () => {
    const { store, again } = await open({ maxPageCount: 200 });
    const fill = (name: string) =>
      store.write((trx) =>
        trx
          .insertInto('tenants')
          .values({ ...tenant(name), title: 'x'.repeat(20_000) })
          .execute(),
      );
    const acknowledged: string[] = [];
    const refused: unknown[] = [];
    for (let batch = 0; refused.length === 0; batch++) {
      const results = await settle(10, (n) => fill(`t${batch}-${n}`).then(() => `t${batch}-${n}`));
      const kept = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
      // Whatever had begun in the transaction that broke is lost with it; what had not begun may have fared better.
      if (kept.length < 10) expect(results[0]).toMatchObject({ reason: expect.any(StoreUnavailable) });
      for (const result of results) if (result.status === 'rejected') refused.push(result.reason);
      acknowledged.push(...kept);
    }
    for (const reason of refused)
      expect(reason).toMatchObject({ message: 'The disk that holds the database is full.' });
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(await tenantNames(store)).toEqual(acknowledged.toSorted());
    await store.close();

    const reopened = await again();
    expect(await tenantNames(reopened)).toEqual(acknowledged.toSorted());
    await reopened.write((trx) => add(trx, 'room again'));
  });

  it('refuses the whole batch when a job ends the transaction', async () => {
    const { store } = await open();
    const results = await settle(3, (n) =>
      store.write(async (trx) => {
        await add(trx, `t${n}`);
        if (n === 1) await sql`rollback`.execute(trx);
      }),
    );
    const statuses = results.map((result) => result.status === 'rejected' && result.reason instanceof StoreUnavailable);
    expect(statuses).toEqual([true, true, false]);
    expect(await tenantNames(store)).toEqual(['t2']);
  });

  it('waits for another process that holds the database, and serves reads meanwhile', async () => {
    const { store, url } = await open();
    const holder = await hold(url);
    const write = store.write((trx) => add(trx, 'acme'));
    await sleep(100);
    expect(await tenantNames(store)).toEqual([]);
    holder.kill();
    await write;
    expect(await tenantNames(store)).toEqual(['acme']);
  });

  it('refuses what waits when another process holds the database for too long', async () => {
    const { store, url } = await open({ lockTimeoutMs: 50 });
    const holder = await hold(url);
    const results = await settle(3, (n) => store.write((trx) => add(trx, `t${n}`)));
    for (const result of results) expect(result).toMatchObject({ reason: expect.any(StoreUnavailable) });
    holder.kill();
    await once(holder, 'exit');
    await store.write((trx) => add(trx, 'acme'));
    expect(await tenantNames(store)).toEqual(['acme']);
  });

  it('gives up a job that waits for something else, and carries on with the others', async () => {
    const { store } = await open({ jobTimeoutMs: 50 });
    const outer = store.write(async (trx) => {
      await add(trx, 'outer');
      await store.write((inner) => add(inner, 'inner'));
    });
    await expect(outer).rejects.toThrow('await nothing but its own statements');
    await store.write((trx) => add(trx, 'next'));
    expect(await tenantNames(store)).toEqual(['inner', 'next']);
  });

  it('has each commit reach the disk', async () => {
    const { store } = await open();
    // 2 is FULL: the WAL is synced at every commit, and not only at checkpoints.
    const { rows } = await store.write((trx) => sql`pragma synchronous`.execute(trx));
    expect(rows).toEqual([{ synchronous: 2 }]);
  });

  it('does not let the WAL grow without bound', async () => {
    const { store, file } = await open({ batchMs: 0 });
    await settle(5_000, (n) =>
      store.write((trx) =>
        trx
          .insertInto('changes')
          .values(change(`${n}`))
          .returning('seq')
          .execute(),
      ),
    );
    expect((await stat(`${file}-wal`)).size).toBeLessThan(16 * 2 ** 20);
    await store.close();
    await expect(readFile(`${file}-wal`)).rejects.toThrow('ENOENT');
  });
});

async function hold(url: string) {
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), 'hold', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill());
  await once(holder.stdout, 'data');
  return holder;
}
