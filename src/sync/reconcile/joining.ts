/**
 * The second half of the join: every record that was linked or listed. Judged is only what was at rest when the run began
 * and has not been touched since, as generation and lease epoch tell whatever the clocks said.
 */
import type { Kysely, Selectable } from 'kysely';
import type { Store } from '../../store/store.ts';
import type { Database, ListedTable } from '../../store/tables.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Observed } from '../../targets/target.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Lane } from '../lanes/lanes.ts';
import { wishOf } from '../work/wish.ts';
import { type Facts, readFacts } from './facts.ts';
import { type Finding, judge, nameOfUser } from './finding.ts';
import type { Counts, Run } from './run.ts';
import { record, SLICE, type Slice } from './slices.ts';

type Row = Selectable<ListedTable>;
type Judged = Finding | 'inOrder' | 'elsewhere' | 'notJudged';

/** @returns how many records were judged; 0: none was left. */
export async function joinSlice(store: Store, lane: Lane, run: Run): Promise<number> {
  const { rows, judged } = await store.read
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      const rows = await nextRows(trx, run);
      const facts = await readFacts(
        trx,
        run,
        rows.flatMap((row) => row.user_id ?? []),
      );
      const others = await readOthers(
        trx,
        lane,
        rows.filter((row) => row.user_id === null),
      );
      const judged = rows.map((row): Judged => {
        return row.user_id === null ? judgeUnlinked(lane, row, others) : judgeLinked(lane, row, row.user_id, facts);
      });
      return { rows, judged };
    });
  const slice: Slice = { cursor: rows.at(-1)?.remote_id ?? '', findings: [], counts: {} };
  for (const each of judged) {
    if (typeof each === 'string') count(slice.counts, each);
    else slice.findings.push(each);
  }
  await record(store, run, slice, rows.length < SLICE ? 'repairing' : null);
  return rows.length < SLICE ? 0 : rows.length;
}

function nextRows(trx: Kysely<Database>, run: Run): Promise<Row[]> {
  return trx
    .selectFrom('listed')
    .selectAll()
    .where('tenant', '=', run.tenant)
    .where('run_id', '=', run.id)
    .where('remote_id', '>', run.cursor ?? '')
    .orderBy('remote_id')
    .limit(SLICE)
    .execute();
}

function judgeLinked(lane: Lane, row: Row, userId: string, { people, accounts, unsettled }: Facts): Judged {
  const account = accounts.get(userId);
  if (!account || unsettled.has(userId) || !isUntouched(account, row)) return 'notJudged';
  const user = people.get(userId) ?? null;
  try {
    return judge(lane, account, wishOf(lane, account, user, []), parsed(row.record)) ?? 'inOrder';
  } catch (error) {
    const reason = error instanceof TargetError ? error.message : `it cannot be computed: ${(error as Error).message}`;
    const detail = { name: nameOfUser(user), reason };
    return { kind: 'rejected', userId, remoteId: row.remote_id, repair: false, detail };
  }
}

function isUntouched(account: Account, row: Row): boolean {
  const rests = account.due_at === null && account.lease_owner === null && account.remote_id === row.remote_id;
  if (!rests || account.generation !== row.generation || account.lease_epoch !== row.lease_epoch) return false;
  return account.outcome === 'reject' || (account.outcome === 'done' && isObserved(account));
}

function isObserved({ generation, observed_generation }: Account): boolean {
  return generation === observed_generation;
}

/** What others have to do with records that were not linked when the run began. */
interface Others {
  links: ReadonlyMap<string, { tenant: string; target_id: string }>;
  /** Accounts of this target by the name that they go by. */
  named: ReadonlyMap<string, { userId: string; remoteId: string | null; isCreating: boolean }>;
}

async function readOthers(trx: Kysely<Database>, lane: Lane, rows: readonly Row[]): Promise<Others> {
  if (rows.length === 0) return { links: new Map(), named: new Map() };
  const links = await trx
    .selectFrom('remote_links')
    .select(['remote_id', 'tenant', 'target_id'])
    .where('system_key', '=', lane.systemKey)
    .where(
      'remote_id',
      'in',
      rows.map((row) => row.remote_id),
    )
    .execute();
  const names = rows.flatMap((row) => row.name ?? []);
  const accounts =
    names.length === 0
      ? []
      : await trx
          .selectFrom('accounts')
          .leftJoin('intents', (join) =>
            join
              .onRef('intents.tenant', '=', 'accounts.tenant')
              .onRef('intents.target_id', '=', 'accounts.target_id')
              .onRef('intents.user_id', '=', 'accounts.user_id')
              .on('intents.closed_at', 'is', null),
          )
          .select(['accounts.name', 'accounts.user_id', 'accounts.remote_id', 'intents.id as intent'])
          .where('accounts.tenant', '=', lane.tenant)
          .where('accounts.target_id', '=', lane.targetId)
          .where('accounts.name', 'in', names)
          .execute();
  return {
    links: new Map(links.map((link) => [link.remote_id, link])),
    named: new Map(
      accounts.map(({ name, user_id, remote_id, intent }) => [
        name ?? '',
        { userId: user_id, remoteId: remote_id, isCreating: intent !== null },
      ]),
    ),
  };
}

/** A record made or linked meanwhile, or about to be, is no orphan; nor is that of another target, which is not named. */
function judgeUnlinked(lane: Lane, row: Row, { links, named }: Others): Judged {
  const link = links.get(row.remote_id);
  if (link) return link.tenant === lane.tenant && link.target_id === lane.targetId ? 'notJudged' : 'elsewhere';
  const account = named.get(row.name ?? '');
  if (account?.isCreating) return 'notJudged';
  const [name = null] = Object.values(parsed(row.record)?.keys ?? {});
  const detail = {
    name,
    ...(row.adopter !== null && { adopter: row.adopter }),
    ...(account?.remoteId && { resembles: account.userId }),
  };
  return { kind: 'orphan', userId: null, remoteId: row.remote_id, repair: false, detail };
}

function parsed(record: string | null): Observed | null {
  return record === null ? null : JSON.parse(record);
}

function count(counts: Partial<Counts>, name: keyof Counts): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
