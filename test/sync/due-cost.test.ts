/**
 * What the engine asks of the database all day, in a target of 200,000 accounts of which few are due: every statement is
 * answered by an index over those few. Plans are read from the database itself, for the statements that were really sent.
 */
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Store } from '../../src/store/store.ts';
import { type Account, dueTargets, enqueue, rescue } from '../../src/sync/accounts/accounts.ts';
import { claim, freeForgotten, release } from '../../src/sync/accounts/claims.ts';
import { createLeases, type Leases } from '../../src/sync/accounts/leases.ts';
import { settle } from '../../src/sync/accounts/settle.ts';
import { fanOut } from '../../src/sync/fan-out/fan-out.ts';
import type { Lane } from '../../src/sync/lanes/lanes.ts';
import { createLanes } from '../../src/sync/lanes/lanes.ts';
import { Pace } from '../../src/sync/lanes/pace.ts';
import {
  beginTrial,
  goOnTrying,
  pauseTarget,
  resumeTarget,
  stayPaused,
  takeProbe,
} from '../../src/sync/lanes/pauses.ts';
import { census } from '../../src/sync/upkeep/census.ts';
import { describeStores, testDatabase } from '../stores.ts';

const ACCOUNTS = Number(process.env.LINKSPAN_TEST_ACCOUNTS ?? 200_000);
/** Due, rejected, leased, waiting for another: so many of each. */
const FEW = 100;

/** Hold only the few rows that somebody will ask for. */
const PARTIAL = [
  'accounts_tenant_target_id_urgent_desc_due_at_changed_at_look_at',
  'accounts_rejected',
  'accounts_lease_owner',
  'accounts_tenant_target_id_waits_for',
  'accounts_tenant_activity_id',
  'accounts_tenant_removal_asked_at_target_id_user_id',
];

interface Statement {
  text: string;
  parameters: readonly unknown[];
}

const TARGET = {
  type: 'none',
  settings: '{}',
  secrets: null,
  vault: null,
  rules: '{}',
  pace: '{}',
  state: 'active' as const,
  paused_by: null,
  paused_reason: null,
  probe_at: null,
  revision: 1,
  created_at: 0,
};

async function fill(store: Store): Promise<void> {
  const every = ACCOUNTS / FEW;
  await store.write(async (trx) => {
    for (const id of ['t1', 't2']) {
      await trx
        .insertInto('targets')
        .values({ ...TARGET, tenant: 'acme', id, name: id })
        .execute();
    }
    const is = (n: number) => sql`i % ${sql.lit(every)} = ${sql.lit(n)}`;
    await sql`insert into accounts (tenant, target_id, user_id, generation, observed_generation, due_at, urgent, attempts,
        lease_owner, lease_epoch, waits_for, remote_id, situation, outcome, memory, name, changed_at, last_success_at)
      with recursive n(i) as (select 1 union all select i + 1 from n where i < ${sql.lit(ACCOUNTS)})
      select 'acme', 't1', 'user-' || i, 2, 2, case when ${is(1)} then 1 when ${is(2)} then 9000000000000 - 1 when ${is(3)} then 1 end,
        case when ${is(2)} then 1 else 0 end, 0, case when ${is(3)} then 'dead' end, 1, case when ${is(4)} then 'user-1' end,
        'remote-' || i, 'confirmed', case when ${is(5)} then 'reject' when ${is(2)} then 'retry' else 'done' end,
        '{"granted":[],"remembered":[]}', 'name-' || i, 1, 1 from n`.execute(trx);
  });
  if (store.kind === 'postgres') await store.write((trx) => sql`analyze accounts`.execute(trx));
}

const lane = () =>
  ({ tenant: 'acme', targetId: 't1', revision: 1, pace: Pace.parse({}), paused: false }) as unknown as Lane;

/** Everything that runs each round, each beat, each scrape, each claim and settle. */
async function aDay(store: Store, leases: Leases): Promise<void> {
  expect([...(await dueTargets(store, ['t1', 't2'], await store.now()))]).toEqual(['t1']);
  await leases.beat({ callMs: 1_000, effectMs: 1_000 });
  const [first, second, third] = (await claim(store, lane(), leases.processId, 3)) as [Account, Account, Account];
  const settlement = {
    outcome: 'done' as const,
    reason: null,
    failure: null,
    situation: 'confirmed',
    waitMs: null,
    attempts: 0,
    waitsFor: null,
    remoteId: 'r',
    observed: null,
    memory: { granted: [], remembered: [] },
    name: 'n',
    begunAt: 1,
    hasLooked: true,
    hasTaken: true,
    unclear: false,
    longestEffectMs: 1,
  };
  await store.write((trx) => settle(trx, first, settlement, 5));
  await release(store, second);
  expect(await freeForgotten(store, leases.processId, new Set(), 1_000)).toBe(1);
  expect(third.user_id).toBeTruthy();
  expect(await rescue(store, 86_400_000)).toBeGreaterThanOrEqual(FEW);
  const [state] = await census(store);
  expect(state).toMatchObject({ rejected: FEW });
  const account = { tenant: 'acme', target_id: 't1', urgent: 1 as const, activity_id: null, changed_at: 1 };
  await store.write((trx) =>
    enqueue(
      trx,
      Array.from({ length: 250 }, (_, n) => ({ ...account, user_id: `user-${n * 7 + 1}` })),
      5,
    ),
  );
  const paused = lane();
  await pauseTarget(store, paused, 'why', leases.processId);
  await stayPaused(store, paused, 'still');
  await store.write((trx) => trx.updateTable('targets').set({ probe_at: 0 }).execute());
  expect(await takeProbe(store, paused)).toBe(true);
  await beginTrial(store, paused, leases.processId);
  expect(paused.trialBy).toBe(leases.processId);
  await goOnTrying(store, paused, leases.processId);
  await resumeTarget(store, paused, leases.processId);
  expect(paused.paused).toBe(false);
  await leases.end();
}

/** @returns how SQLite goes through the table, and what it sorts. */
async function sqlitePlan(store: Store, { text }: Statement, table = 'accounts'): Promise<string[]> {
  const bound = text.split('?');
  const asked = sql.join(
    bound.map((part) => sql.raw(part)),
    sql`${null}`,
  );
  const { rows } = await sql<{ detail: string }>`explain query plan ${asked}`.execute(store.read);
  return rows
    .map(({ detail }) => detail)
    .filter((detail) => new RegExp(`^(SCAN|SEARCH) ${table}\\b|TEMP B-TREE FOR ORDER`).test(detail));
}

interface Node {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Index Recheck'?: number;
  Plans?: Node[];
}

/** What PostgreSQL read of the accounts: how, and how many rows. */
function readsOf(node: Node): { how: string; rows: number }[] {
  const below = (node.Plans ?? []).flatMap(readsOf);
  if (node['Relation Name'] !== 'accounts' || !/Scan/.test(node['Node Type'])) return below;
  const looked =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return [{ how: node['Node Type'], rows: looked * node['Actual Loops'] }, ...below];
}

async function postgresReads(store: Store, { text, parameters }: Statement) {
  const parts = text.split(/\$(\d+)/);
  const asked = sql.join(
    parts.map((part, index) => (index % 2 === 0 ? sql.raw(part) : sql`${parameters[Number(part) - 1]}`)),
    sql``,
  );
  let reads: { how: string; rows: number }[] = [];
  const undo = new Error('undo');
  await store
    .write(async (trx) => {
      const { rows } = await sql<{ 'QUERY PLAN': { Plan: Node }[] }>`explain (analyze, format json) ${asked}`.execute(
        trx,
      );
      reads = rows.flatMap((row) => row['QUERY PLAN'].flatMap(({ Plan }) => readsOf(Plan)));
      throw undo;
    })
    .catch((error) => {
      if (error !== undo) throw error;
    });
  return reads;
}

describe('a target of 200,000 accounts of which few are due', () => {
  describeStores('costs no more than the few', (open) => {
    it('at each round, beat, scrape, claim, settle, pause and trial', { timeout: 180_000 }, async () => {
      const statements: Statement[] = [];
      const record = { on: false };
      const store = await open({
        onStatement: (text, parameters) => {
          if (record.on && /\baccounts\b/.test(text)) statements.push({ text, parameters });
        },
      });
      await fill(store);
      const leases = await createLeases(store);
      // The first beat of a process looks through what a clock that was set back may have left; later ones do not.
      await leases.beat({ callMs: 1_000, effectMs: 1_000 });
      record.on = true;
      await aDay(store, leases);
      record.on = false;

      expect(statements.length).toBeGreaterThan(15);
      for (const statement of statements) {
        if (/^insert/i.test(statement.text)) continue;
        if (store.kind === 'sqlite') {
          for (const line of await sqlitePlan(store, statement)) {
            const isByKey = /\(tenant=\? AND target_id=\? AND user_id=\?\)$/.test(line);
            // Only a census reads them all.
            const isOfFew =
              PARTIAL.some((index) => new RegExp(`INDEX ${index}\\b`).test(line)) &&
              (line.startsWith('SEARCH') || /group by/i.test(statement.text));
            if (!isByKey && !isOfFew) expect({ line, text: statement.text }).toBe('answered by an index over the few');
          }
        } else {
          for (const read of await postgresReads(store, statement)) {
            expect({ ...read, text: statement.text }).toMatchObject({ how: expect.not.stringMatching(/^Seq Scan$/) });
            if (read.rows > 10 * FEW) expect({ ...read, text: statement.text }).toBe('few rows');
          }
        }
      }
    });
  });
});

it('a round of fan-out finds whose turn it is and what comes next by index, however much one tenant has waiting', async () => {
  const database = await testDatabase('sqlite');
  const statements: Statement[] = [];
  const secretKey = Buffer.alloc(32, 7).toString('base64');
  const app = await openApp(
    readConfig({ LINKSPAN_DATABASE_URL: database.url, LINKSPAN_SECRET_KEY: secretKey }),
    undefined,
    { onStatement: (text, parameters) => statements.push({ text, parameters }) },
  );
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  const { store } = app;
  await store.write(async (trx) => {
    const columns = sql`insert into changes (tenant, subject, subject_id, urgent, cursor, created_at, assessed)`;
    const many = sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)`;
    await sql`${columns} ${many} select 'importer', 'user', 'user-' || i, 0, null, 0, 1 from n`.execute(trx);
    await sql`${columns} ${many} select 'importer', 'group-members', 'group-' || i, 0, null, 0, 1 from n`.execute(trx);
    await sql`${columns} values ('importer', 'group', 'large', 1, 'm', 0, 1), ('small', 'user', 'jane', 1, null, 0, 1)`.execute(
      trx,
    );
    const resource = { tenant: 'importer', id: 'large', type: 'Group', version: 1, created: '', last_modified: '' };
    await trx
      .insertInto('resources')
      .values({ ...resource, document: '{}', search: app.store.dialect.jsonb('{}'), deleted_at: 1 })
      .execute();
  });
  statements.length = 0;
  const lanes = createLanes({ ...app, onCall() {}, onBroken() {} });
  expect(await fanOut(store, lanes)).toBeGreaterThan(100);
  const asked = statements.filter(({ text }) => /\bchanges\b/.test(text) && !/^(insert|delete|update)/i.test(text));
  expect(asked.length).toBeGreaterThan(5);
  for (const statement of asked.filter(({ text }) => !/^select "seq" from "changes" limit/.test(text))) {
    for (const line of await sqlitePlan(store, statement, 'changes')) {
      expect({ line, text: statement.text }).toMatchObject({
        line: expect.stringMatching(/^SEARCH changes USING (COVERING )?INDEX changes_\w+ \(tenant/),
      });
    }
  }
});
