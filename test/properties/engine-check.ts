/** Lets everything run down quietly, and compares what came of it with what was wished. */
import type { App } from '../../src/app.ts';
import type { Millis } from '../../src/store/tables.ts';
import { demandUser } from '../../src/sync/admin/on-demand.ts';
import { PROCESSES, TENANT, type World } from './engine-world.ts';

/** A full lease, a call that is late, a wait for another account, several backoffs: no wait is longer than that. */
const LONGEST_MS = 120_000;

export async function runDown(app: App, world: World): Promise<void> {
  for (let number = 0; number < PROCESSES; number++) world.thaw(number);
  await finishAll(world);
  const until = world.clock.monotonic + LONGEST_MS;
  let touched = false;
  for (;;) {
    // One is enough; the others say nothing more and are taken for dead.
    await world.beat(0);
    await finishAll(world);
    await world.round(0, { refresh: true, sweep: true, fanOut: true, room: 4 });
    await finishAll(world);
    const open = await openWork(app);
    if (open === null && world.remote.pending.length === 0) {
      if (touched) return;
      // What the target refused waits for a change, or for an administrator: only those whom it refused are touched.
      touched = true;
      for (const [id, person] of await refused(app, world)) {
        if (person === undefined) await demandUser(app.store, TENANT, id, 'test');
        else await world.edit(person, 'title');
      }
      continue;
    }
    if (world.clock.monotonic > until) {
      world.violations.push(`not at rest after ${LONGEST_MS} ms: ${JSON.stringify(open)}`);
      return;
    }
    // To the next thing that can happen.
    const due = open?.due_at == null || open.lease_owner !== null ? 500 : open.due_at - world.clock.wall;
    const lands = Math.min(...world.remote.pending.map(({ landAt }) => landAt)) - world.clock.monotonic;
    world.advance(Math.min(Math.max(1, Math.ceil(Math.min(due, lands))), 2_000));
  }
}

async function finishAll(world: World): Promise<void> {
  for (let tasks = world.tasks(); tasks.length > 0; tasks = world.tasks())
    for (const task of tasks) if (!task.finished) await task.step('none');
}

interface OpenWork {
  due_at?: Millis | null;
  lease_owner?: string | null;
}

async function openWork(app: App): Promise<OpenWork | null> {
  const { read } = app.store;
  const change = await read.selectFrom('changes').selectAll().executeTakeFirst();
  if (change) return {};
  const account = await read
    .selectFrom('accounts')
    .select(['user_id', 'outcome', 'reason', 'due_at', 'lease_owner', 'waits_for', 'remote_id', 'verify_after'])
    .where((row) => row.or([row('due_at', 'is not', null), row('lease_owner', 'is not', null)]))
    .orderBy('due_at')
    .executeTakeFirst();
  return account ?? null;
}

/** User id -> person, as far as the IdP still has them. */
async function refused(app: App, world: World): Promise<[string, number | undefined][]> {
  if (!world.remote.counts.rejected) return [];
  const rows = await app.store.read.selectFrom('accounts').select('user_id').where('outcome', '=', 'reject').execute();
  return rows.map(({ user_id }) => [user_id, [...world.wishes].find(([, { id }]) => id === user_id)?.[0]]);
}

/** Everything that is not as it should be, in words. */
export async function differences(app: App, world: World): Promise<string[]> {
  const { read } = app.store;
  const wrong: string[] = [];
  const items = [...world.remote.items.values()];
  for (const item of items) {
    if (items.some((other) => other !== item && other.person === item.person)) wrong.push(`twice: ${show(item)}`);
    if (![...world.wishes.keys()].some((person) => item.person === `p${person}`))
      wrong.push(`left over: ${show(item)}`);
  }
  for (const [person, wished] of world.wishes) {
    const item = items.find((each) => each.person === `p${person}`);
    const inScope = !(world.rules.scoped && wished.out);
    const expected = {
      name: wished.userName,
      title: wished.title,
      enabled: true,
      assignments: wished.member ? ['7'] : [],
    };
    if (inScope && wished.active) {
      const { name, title, enabled, assignments } = item ?? {};
      const is = { name, title, enabled, assignments };
      if (JSON.stringify(is) !== JSON.stringify(expected)) wrong.push(`is ${show(item)}, wished ${show(expected)}`);
    } else if (item && !inScope && world.rules.outOfScope === 'delete') {
      wrong.push(`out of scope and still there: ${show(item)}`);
    } else if (item && (item.enabled || item.assignments.length > 0)) {
      wrong.push(`still has access: ${show(item)}`);
    }
  }

  const accounts = await read.selectFrom('accounts').selectAll().where('tenant', '=', TENANT).execute();
  for (const account of accounts) {
    const { user_id, outcome, reason, generation, observed_generation, remote_id } = account;
    const about = show({
      user_id,
      person: world.people.get(user_id),
      outcome,
      reason,
      generation,
      observed_generation,
    });
    if (outcome !== 'done' || generation !== observed_generation) wrong.push(`not made true: ${about}`);
    if (remote_id !== null && !world.remote.items.has(remote_id)) wrong.push(`linked to nothing: ${about}`);
  }
  const links = await read.selectFrom('remote_links').selectAll().execute();
  const linked = accounts.filter(({ remote_id }) => remote_id !== null).map((row) => `${row.user_id} ${row.remote_id}`);
  if (show(linked.sort()) !== show(links.map((row) => `${row.user_id} ${row.remote_id}`).sort()))
    wrong.push(`links ${show(links)} beside accounts ${show(linked)}`);
  const intents = await read.selectFrom('intents').selectAll().where('closed_at', 'is', null).execute();
  for (const intent of intents) wrong.push(`intent open: ${show(intent)}`);
  const receipts = await read.selectFrom('receipts').selectAll().execute();
  for (const { kind, user_id, evidence } of receipts) {
    const person = world.people.get(user_id);
    const happened = world.remote.removals.some((removal) => removal.person === person && removal.kind === kind);
    if (!happened) wrong.push(`a receipt for a removal that never was: ${kind} of ${person} (${evidence})`);
  }
  return wrong;
}

const show = (value: unknown) => JSON.stringify(value);
