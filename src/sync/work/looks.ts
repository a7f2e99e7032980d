/**
 * Accounts of which something is to be done by hand rest, and are looked at now and then: the target shows when it was done.
 * Such a look is not counted as unsettled, and goes last in its lane.
 */
import { sql } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Lane, Lanes } from '../lanes/lanes.ts';
import { passes } from '../upkeep/hourly.ts';

const EVERY_MS = 500;
/** Accounts made due in one transaction. */
const SLICE = 250;

export interface Looks {
  stop(): Promise<void>;
}

export function startLooks(options: {
  store: Store;
  lanes: Lanes;
  carryOn: () => void;
  onError: (error: unknown) => void;
}): Looks {
  const { store, lanes, carryOn, onError } = options;
  const stopped = new AbortController();
  const loop = async () => {
    while (await passes(EVERY_MS, stopped.signal)) {
      const looked = await makeLooksDue(store, lanes.all()).catch((error) => {
        onError(error);
        return 0;
      });
      if (looked > 0) carryOn();
    }
  };
  const running = loop();
  return {
    stop() {
      stopped.abort();
      return running;
    },
  };
}

/** Those whose time has come, and those whose time is further ahead than it can be: the clock was set back. @returns how many. */
export async function makeLooksDue(store: Store, lanes: readonly Lane[]): Promise<number> {
  const open = new Map(lanes.filter(({ paused }) => !paused).map((lane) => [lane.targetId, lane]));
  if (open.size === 0) return 0;
  const now = await store.now();
  const longest = Math.max(...[...open.values()].map(({ pace }) => pace.manualLookMs));
  const isTime = sql<boolean>`(look_at <= ${now} or look_at > ${now + 2 * longest})`;
  const targets = await store.read
    .selectFrom('targets')
    .select(['tenant', 'id'])
    .where('id', 'in', [...open.keys()])
    .where(
      sql<boolean>`exists (select 1 from accounts where accounts.tenant = targets.tenant
        and accounts.target_id = targets.id and look_at is not null and due_at is null and ${isTime})`,
    )
    .execute();
  let looked = 0;
  for (const { tenant, id } of targets) {
    const { numUpdatedRows } = await store.write((trx) =>
      trx
        .updateTable('accounts')
        // Nobody's request, so it is no older than this.
        .set({ due_at: now, changed_at: now, urgent: -1 })
        .where('tenant', '=', tenant)
        .where('target_id', '=', id)
        .where('due_at', 'is', null)
        .where('lease_owner', 'is', null)
        .where(
          'user_id',
          'in',
          sql<string>`(select user_id from accounts where tenant = ${tenant} and target_id = ${id}
            and look_at is not null and due_at is null and ${isTime} limit ${sql.lit(SLICE)})`,
        )
        .executeTakeFirst(),
    );
    looked += Number(numUpdatedRows);
  }
  return looked;
}
