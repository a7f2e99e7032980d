import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { StoreUnavailable, UniqueViolation } from '../../src/store/errors.ts';
import type { Database } from '../../src/store/tables.ts';
import { describeStores } from '../stores.ts';
import { change, lookup, tenant, tenantNames } from './rows.ts';

const add = (db: Kysely<Database>, name: string) => db.insertInto('tenants').values(tenant(name)).execute();

describeStores('write', (open) => {
  it('gives back what the work gives, and a read sees what it wrote', async () => {
    const store = await open();
    const result = await store.write(async (trx) => {
      await add(trx, 'acme');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await tenantNames(store)).toEqual(['acme']);
  });

  it('keeps nothing of a work that throws, and all of those beside it', async () => {
    const store = await open();
    const bad = new Error('changed my mind');
    const results = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((name) =>
        store.write(async (trx) => {
          await add(trx, name);
          await add(trx, `${name}2`);
          if (name === 'b') throw bad;
          return name;
        }),
      ),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: bad });
    expect(await tenantNames(store)).toEqual(['a', 'a2', 'c', 'c2', 'd', 'd2']);
  });

  it('says which table and columns a second row with the same key hurts', async () => {
    const store = await open();
    const taken = async (work: (trx: Kysely<Database>) => Promise<unknown>) => {
      const error = await store.write(work).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(UniqueViolation);
      return error;
    };
    await store.write((trx) => add(trx, 'acme'));
    expect(await taken((trx) => add(trx, 'acme'))).toMatchObject({ table: 'tenants', columns: ['tenant'] });

    await store.write((trx) => trx.insertInto('lookups').values(lookup('jane', 'u1')).execute());
    const partial = taken((trx) => trx.insertInto('lookups').values(lookup('jane', 'u2')).execute());
    expect(await partial).toMatchObject({ table: 'lookups', columns: ['tenant', 'type', 'path', 'value'] });
    const key = taken((trx) =>
      trx
        .insertInto('lookups')
        .values({ ...lookup('jane', 'u1'), is_unique: 0 })
        .execute(),
    );
    expect(await key).toMatchObject({ columns: ['tenant', 'type', 'path', 'value', 'resource_id'] });
  });

  it('takes a shared value where only some have to be unique', async () => {
    const store = await open();
    const shared = ['u1', 'u2'].map((id) => ({ ...lookup('team@example.com', id), is_unique: 0 as const }));
    await store.write((trx) => trx.insertInto('lookups').values(shared).execute());
    await store.write((trx) => trx.insertInto('lookups').values(lookup('team@example.com', 'u3')).execute());
  });

  it('refuses a value of the wrong type', async () => {
    const store = await open();
    const wrong = { ...tenant('acme'), created_at: 'yesterday' as unknown as number };
    await expect(store.write((trx) => trx.insertInto('tenants').values(wrong).execute())).rejects.toThrow();
  });

  it('ends with the first statement that fails, even if the work goes on', async () => {
    const store = await open();
    await store.write((trx) => add(trx, 'acme'));
    const swallowed = store.write(async (trx) => {
      await add(trx, 'before');
      await add(trx, 'acme').catch(() => {});
      return 'fine';
    });
    await expect(swallowed).rejects.toBeInstanceOf(UniqueViolation);
    const goesOn = store.write(async (trx) => {
      const failure = await add(trx, 'acme').catch((error: unknown) => error);
      await expect(add(trx, 'after')).rejects.toBe(failure);
    });
    await expect(goesOn).rejects.toBeInstanceOf(UniqueViolation);
    expect(await tenantNames(store)).toEqual(['acme']);
  });

  it('refuses a statement that comes after the end', async () => {
    const store = await open();
    const trx = await store.write(async (trx) => trx);
    await expect(add(trx, 'late')).rejects.toThrow();
    expect(await tenantNames(store)).toEqual([]);
  });

  it('takes 200 at once', async () => {
    const store = await open();
    const seqs = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        store.write(async (trx) => {
          const values = change(`user-${n}`);
          return (await trx.insertInto('changes').values(values).returning('seq').executeTakeFirstOrThrow()).seq;
        }),
      ),
    );
    expect(new Set(seqs).size).toBe(200);
    const { count } = await store.read
      .selectFrom('changes')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(200);
  });

  it('takes them from two stores in one process', async () => {
    const stores = [await open(), await open()];
    await Promise.all(
      stores.flatMap((store, s) =>
        Array.from({ length: 10 }, async (_, lane) => {
          for (let n = 0; n < 10; n++) await store.write((trx) => add(trx, `${s}-${lane}-${n}`));
        }),
      ),
    );
    expect(await tenantNames(await open())).toHaveLength(200);
  });

  it('takes them from two processes at once, each reading before it writes', async () => {
    const store = await open();
    const { child, acknowledged } = await writer(await open.url());
    const ours = Array.from({ length: 50 }, (_, n) => `ours-${n}`);
    for (const name of ours)
      await store.write(async (trx) => {
        await trx.selectFrom('tenants').select('tenant').limit(1).execute();
        await add(trx, name);
      });
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    expect(await tenantNames(store)).toEqual(expect.arrayContaining([...ours, ...(await acknowledged)]));
  });

  it('reports rows that were changed, and integers as numbers', async () => {
    const store = await open();
    const at = 1_700_000_000_123;
    await store.write((trx) =>
      trx.insertInto('processes').values({ id: 'p', started_at: at, alive_until: at }).execute(),
    );
    const changed = await store.write(async (trx) => {
      const update = await trx
        .updateTable('processes')
        .set({ alive_until: at + 1 })
        .executeTakeFirstOrThrow();
      const nothing = await trx.deleteFrom('processes').where('id', '=', 'q').executeTakeFirstOrThrow();
      return [update.numUpdatedRows, nothing.numDeletedRows];
    });
    expect(changed).toEqual([1n, 0n]);
    const row = await store.read.selectFrom('processes').select(['started_at', 'alive_until']).executeTakeFirst();
    expect(row).toEqual({ started_at: at, alive_until: at + 1 });
  });

  it('loses nothing acknowledged when the process is killed', async () => {
    await (await open()).close();
    const { child, acknowledged } = await writer(await open.url());
    await sleep(100);
    child.kill('SIGKILL');
    const names = await acknowledged;
    const store = await open();
    expect(await tenantNames(store)).toEqual(expect.arrayContaining(names));
    await store.write((trx) => add(trx, 'next'));
  });

  it('finishes before the store closes, and is refused after', async () => {
    const store = await open();
    const writes = ['a', 'b'].map((name) => store.write((trx) => add(trx, name)));
    await Promise.all([store.close(), ...writes]);
    await expect(store.write((trx) => add(trx, 'c'))).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await tenantNames(await open())).toEqual(['a', 'b']);
  });
});

describeStores('read', (open) => {
  it('never waits for a write that is under way, and does not see it', async () => {
    const store = await open();
    const begun = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<void>();
    const write = store.write(async (trx) => {
      await add(trx, 'acme');
      begun.resolve();
      await seen.promise;
    });
    await begun.promise;
    expect(await tenantNames(store)).toEqual([]);
    seen.resolve();
    await write;
    expect(await tenantNames(store)).toEqual(['acme']);
  });

  it('cannot write', async () => {
    const store = await open();
    await expect(add(store.read, 'acme')).rejects.toThrow(/read-?only/i);
  });

  it('sees one moment throughout a transaction', async () => {
    const store = await open();
    const inside = (db: Kysely<Database>) => db.selectFrom('tenants').select('tenant').execute();
    const [first, second] = await store.read
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (trx) => {
        const before = await inside(trx);
        await store.write((writing) => add(writing, 'acme'));
        expect(await tenantNames(store)).toEqual(['acme']);
        return [before, await inside(trx)];
      });
    expect([first, second]).toEqual([[], []]);
  });

  it('orders and compares text by code point', async () => {
    const store = await open();
    // In UTF-16 the emoji, and in English `a` and `é`, would come before others that they follow here.
    const texts = ['Z', 'a', 'a-b', 'aB', 'ab', 'é', '\uffee', '😀'];
    await store.write((trx) =>
      trx
        .insertInto('lookups')
        .values(texts.toReversed().map((text) => lookup(text, text)))
        .execute(),
    );
    const { rows } = await sql<{ value: string }>`select value from lookups order by value`.execute(store.read);
    expect(rows.map(({ value }) => value)).toEqual(texts);
    const after = await store.read
      .selectFrom('lookups')
      .select('value')
      .where('value', '>', 'é')
      .orderBy('value')
      .execute();
    expect(after.map(({ value }) => value)).toEqual(['\uffee', '😀']);
  });

  it('tells the time', async () => {
    const store = await open();
    expect(Math.abs((await store.now()) - Date.now())).toBeLessThan(5_000);
    expect(Number.isInteger(await store.now())).toBe(true);
  });
});

/** A process that writes until it is killed, and what it has been told is durable. */
async function writer(url: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child.ts'), 'write', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const first = once(child.stdout, 'data');
  const acknowledged = lines(child.stdout);
  await first;
  return { child, acknowledged };
}

async function lines(stream: Readable): Promise<string[]> {
  const all: string[] = [];
  for await (const line of createInterface(stream)) all.push(line);
  return all;
}
