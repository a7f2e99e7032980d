/**
 * The first half of the join: who belongs in the target and has no account there. Done before the records are gone through,
 * so that an orphan can be said to be what somebody waits for.
 */
import { type Kysely, sql } from 'kysely';
import type { DirectoryUser } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { Database } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Keys, Observed } from '../../targets/target.ts';
import type { Lane } from '../lanes/lanes.ts';
import { nameOf } from '../work/pass.ts';
import { wishOf } from '../work/wish.ts';
import { type Facts, readFacts } from './facts.ts';
import { CREATE, type Finding, nameOfUser } from './finding.ts';
import type { Run } from './run.ts';
import { record, SLICE, type Slice } from './slices.ts';

/** @returns false when there was nothing left. */
export async function matchSlice(store: Store, lane: Lane, run: Run): Promise<boolean> {
  const read = await store.read
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const ids = await nextUsers(trx, run);
      const facts = await readFacts(trx, run, ids);
      const seekers = ids.flatMap((id) => lookAt(lane, facts, id));
      return { ids, seekers, offers: await unlinkedNamed(trx, run, seekers) };
    });
  const slice: Slice = { cursor: read.ids.at(-1) ?? '', findings: [], counts: {} };
  for (const { finding, notJudged } of read.seekers) {
    if (finding) slice.findings.push(finding);
    if (notJudged) slice.counts.notJudged = (slice.counts.notJudged ?? 0) + 1;
  }
  const adopters = read.seekers.flatMap(({ userId, keys }) =>
    read.offers.filter((offer) => keys && sameKeys(keys, offer.record.keys)).map(({ id }) => ({ id, userId })),
  );
  const isLast = read.ids.length < SLICE;
  await record(store, run, slice, isLast ? 'joining' : null, async (trx) => {
    for (const { id, userId } of adopters) {
      await trx
        .updateTable('listed')
        .set({ adopter: userId })
        .where('tenant', '=', run.tenant)
        .where('run_id', '=', run.id)
        .where('remote_id', '=', id)
        .execute();
    }
  });
  return !isLast;
}

function nextUsers(trx: Kysely<Database>, run: Run): Promise<string[]> {
  return trx
    .selectFrom('resources')
    .select('id')
    .where('tenant', '=', run.tenant)
    .where('type', '=', 'User')
    .where('deleted_at', 'is', null)
    .where('id', '>', run.cursor ?? '')
    .where(
      sql<boolean>`not exists (select 1 from accounts where accounts.tenant = resources.tenant
        and accounts.target_id = ${run.target_id} and accounts.user_id = resources.id and remote_id is not null)`,
    )
    .orderBy('id')
    .limit(SLICE)
    .execute()
    .then((rows) => rows.map((row) => row.id));
}

interface Seeker {
  userId: string;
  /** Of the account that is wanted. */
  keys: Keys | null;
  finding: Finding | null;
  notJudged: boolean;
}

/** @returns nothing for who has no business there. */
function lookAt(lane: Lane, facts: Facts, userId: string): Seeker[] {
  const user = facts.people.get(userId);
  if (!user) return [];
  const account = facts.accounts.get(userId);
  const finding = (kind: 'absent' | 'rejected', reason: string): Finding => {
    return { kind, userId, remoteId: null, repair: kind === 'absent', detail: detailOf(user, kind, reason) };
  };
  let keys: Keys;
  let why: string;
  try {
    const { standing, desired } = wishOf(lane, { remote_id: null, memory: account?.memory ?? null }, user, []);
    if (standing.presence !== 'active' || !desired) return [];
    keys = desired.keys;
    why = standing.why;
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    return [{ userId, keys: null, finding: finding('rejected', error.failure.reason), notJudged: false }];
  }
  const isUnderWay = account && (account.due_at !== null || account.lease_owner !== null);
  if (isUnderWay || facts.unsettled.has(userId)) return [{ userId, keys, finding: null, notJudged: true }];
  if (account?.outcome === 'reject') {
    return [{ userId, keys, finding: finding('rejected', account.reason ?? 'no reason was kept'), notJudged: false }];
  }
  return [{ userId, keys, finding: finding('absent', why), notJudged: false }];
}

function detailOf(user: DirectoryUser, kind: 'absent' | 'rejected', reason: string): Finding['detail'] {
  return { name: nameOfUser(user), reason, ...(kind === 'absent' && CREATE) };
}

/** Records that nobody of this target was linked to, under the names that these users want. */
async function unlinkedNamed(
  trx: Kysely<Database>,
  run: Run,
  seekers: readonly Seeker[],
): Promise<{ id: string; record: Observed }[]> {
  const names = seekers.flatMap(({ keys }) => (keys ? (nameOf(keys) ?? []) : []));
  if (names.length === 0) return [];
  const rows = await trx
    .selectFrom('listed')
    .select(['remote_id', 'record'])
    .where('tenant', '=', run.tenant)
    .where('run_id', '=', run.id)
    .where('name', 'in', names)
    .where('user_id', 'is', null)
    .execute();
  return rows.map((row) => ({ id: row.remote_id, record: JSON.parse(row.record ?? 'null') }));
}

function sameKeys(wanted: Keys, seen: Keys): boolean {
  return Object.keys(wanted).every((name) => wanted[name]?.toLowerCase() === seen[name]?.toLowerCase());
}
