/**
 * Stages what is to be compared: first the links as they stand, then the target's listing, chunk by chunk as it comes.
 * Only a listing that ended by itself counts; an empty one, where accounts are linked, is taken for a fault.
 */
import type { Insertable } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { ListedTable } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Observed } from '../../targets/target.ts';
import type { CallRecord, RecordingIo } from '../lanes/calls.ts';
import type { Lane } from '../lanes/lanes.ts';
import { nameOf } from '../work/pass.ts';
import { sweep } from './keep.ts';
import { patient } from './patience.ts';
import { commit, type Run, RunFailed } from './run.ts';

/** Records held in memory, and rows of one transaction. */
const CHUNK = 250;

/** @throws TargetError, RunFailed: nothing is concluded. RunLost. */
export async function list(
  store: Store,
  lane: Lane,
  run: Run,
  io: RecordingIo,
  watch: { signal: AbortSignal; onListed: () => void },
): Promise<void> {
  // Of an attempt that died.
  await sweep(store, run, 'listed');
  await commit(store, run, { listed: 0, cursor: null, started_at: await store.now() });
  const linked = await stageLinks(store, run, watch.signal);
  let chunk: Observed[] = [];
  const flush = async () => {
    await stage(store, run, chunk, io.calls.splice(0));
    chunk = [];
    watch.onListed();
    watch.signal.throwIfAborted();
  };
  try {
    for await (const record of toItsEnd(lane.connection.list(patient(io, lane.pace, watch.signal)))) {
      chunk.push(record);
      if (chunk.length === CHUNK) await flush();
    }
  } finally {
    await keepCalls(store, io.calls.splice(0));
  }
  await flush();
  if (run.listed === 0 && linked > 0) {
    throw new RunFailed(
      `the listing is empty although ${linked} accounts are linked there; nothing is concluded from it`,
    );
  }
  await commit(store, run, { state: 'matching', cursor: null, listed_at: await store.now() });
}

/** Whatever the target's code throws is why the listing cannot be used. */
async function* toItsEnd(listing: AsyncIterable<Observed>): AsyncGenerator<Observed> {
  try {
    yield* listing;
  } catch (error) {
    if (error instanceof TargetError) throw error;
    throw new RunFailed(`the listing broke off: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Every link of the target; with what tells later whether its account was touched since. @returns how many. */
async function stageLinks(store: Store, run: Run, signal: AbortSignal): Promise<number> {
  let staged = 0;
  for (let after = ''; ; ) {
    signal.throwIfAborted();
    const accounts = await store.read
      .selectFrom('accounts')
      .select(['user_id', 'remote_id', 'generation', 'lease_epoch', 'due_at', 'lease_owner'])
      .where('tenant', '=', run.tenant)
      .where('target_id', '=', run.target_id)
      .where('user_id', '>', after)
      .where('remote_id', 'is not', null)
      .orderBy('user_id')
      .limit(CHUNK)
      .execute();
    const rows = accounts.map(({ user_id, remote_id, due_at, lease_owner, ...at }) => {
      const rests = due_at === null && lease_owner === null;
      const seen = rests ? at : { generation: null, lease_epoch: null };
      return { tenant: run.tenant, run_id: run.id, remote_id: remote_id ?? '', user_id, ...seen };
    });
    if (rows.length > 0) {
      await commit(store, run, {}, async (trx) => {
        // Two accounts of one record would be judged by neither.
        await trx
          .insertInto('listed')
          .values(rows)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      });
    }
    staged += rows.length;
    if (rows.length < CHUNK) return staged;
    after = accounts.at(-1)?.user_id ?? '';
  }
}

async function stage(
  store: Store,
  run: Run,
  records: readonly Observed[],
  calls: readonly CallRecord[],
): Promise<void> {
  // A page may repeat what the one before it had.
  const rows = [...new Map(records.map((record) => [record.id, rowOf(run, record)])).values()];
  await commit(store, run, { listed: run.listed + rows.length }, async (trx) => {
    if (calls.length > 0) await trx.insertInto('calls').values(calls).execute();
    if (rows.length === 0) return;
    await trx
      .insertInto('listed')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'run_id', 'remote_id']).doUpdateSet((row) => ({
          record: row.ref('excluded.record'),
          name: row.ref('excluded.name'),
        })),
      )
      .execute();
  });
}

function rowOf(run: Run, record: Observed): Insertable<ListedTable> {
  const name = nameOf(record.keys);
  return {
    tenant: run.tenant,
    run_id: run.id,
    remote_id: record.id,
    record: JSON.stringify(record),
    // No user's name has what a database refuses.
    name: name?.isWellFormed() && !name.includes('\0') ? name : null,
  };
}

async function keepCalls(store: Store, calls: readonly CallRecord[]): Promise<void> {
  for (let from = 0; from < calls.length; from += CHUNK) {
    const some = calls.slice(from, from + CHUNK);
    await store.write((trx) => trx.insertInto('calls').values(some).execute());
  }
}
