/** Listings that must not be believed, runs that die, runs that are compared, runs that nobody asked for. */
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { setTarget } from '../../src/sync/admin/targets.ts';
import type { Lane } from '../../src/sync/lanes/lanes.ts';
import { forgetRuns, KEPT_RUNS } from '../../src/sync/reconcile/keep.ts';
import { reconcile } from '../../src/sync/reconcile/reconcile.ts';
import { dueLanes, runIfDue } from '../../src/sync/reconcile/schedule.ts';
import { TargetError } from '../../src/targets/outcome.ts';
import type { Connection } from '../../src/targets/target.ts';
import { found, laneOf, result, runNow, withPeople } from './reconciling.ts';

const USER = '/users/v1/api/user';
const HOUR = 3_600_000;

const kinds = ['sqlite', 'postgres'] as const;

function listingBy(lane: Lane, list: Connection['list']): Lane {
  return { ...lane, connection: { ...lane.connection, list } };
}

/** As many as a slice and more, all of them in the directory only: what is done with them is done by the engine. */
async function withMany(kind: (typeof kinds)[number], count: number) {
  const all = await withPeople(['jane'], { kind, targets: ['dashboard'] });
  const lane = await all.lane('dashboard');
  const strangers: Connection['list'] = async function* (io) {
    for (let n = 0; n < count; n++) {
      const userName = `DEMO/s${String(n).padStart(5, '0')}`;
      yield { id: `s${String(n).padStart(5, '0')}`, keys: { userName }, fields: {}, enabled: true, assignments: [] };
    }
    yield* lane.connection.list(io);
  };
  return { ...all, lane, strangers: listingBy(lane, strangers) };
}

describe.each(kinds)('a listing that cannot be believed (%s)', (kind) => {
  it('that breaks off in the middle concludes nothing', async () => {
    const { app, lane, users, sandbox, writes, settled, strangers } = await withMany(kind, 600);
    const broken: Connection['list'] = async function* (io) {
      let n = 0;
      for await (const record of strangers.connection.list(io)) {
        if (++n > 500) throw new TargetError({ kind: 'retry', reason: 'page 3 answered 502' });
        yield record;
      }
    };
    const mark = await sandbox.mark();
    const before = await users();
    const { run, findings } = await runNow(app, listingBy(lane, broken), { dryRun: false });
    expect(run).toMatchObject({ state: 'failed', problem: 'page 3 answered 502' });
    expect(findings).toEqual([]);
    await settled();
    expect(await writes(mark)).toEqual([]);
    expect(await users()).toEqual(before);
    expect(await app.store.read.selectFrom('listed').selectAll().execute()).toEqual([]);
    expect(await app.store.read.selectFrom('findings').selectAll().execute()).toEqual([]);
  });

  it('that breaks off with what nobody expects says what it was', async () => {
    const { app, lane } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    const broken: Connection['list'] = async function* (io) {
      yield* (await lane('dashboard')).connection.list(io);
      throw new TypeError('x is not a function');
    };
    const { run } = await runNow(app, listingBy(await lane('dashboard'), broken));
    expect(run).toMatchObject({ state: 'failed', problem: 'the listing broke off: x is not a function' });
  });

  it('that a person stops concludes nothing, and nobody goes on with it', async () => {
    const { app, lane, strangers } = await withMany(kind, 600);
    const stop = new AbortController();
    const stopped = await reconcile(app.store, strangers, {
      dryRun: false,
      signal: stop.signal,
      whenStopped: 'end',
      onProgress: ({ state }) => state === 'joining' && stop.abort(),
    });
    expect(stopped).toMatchObject({ kind: 'run', run: { state: 'failed', problem: 'stopped by hand' } });
    expect(await app.store.read.selectFrom('findings').select('n').execute()).toEqual([]);
    expect(await dueLanes(app.store, [lane])).toEqual([]);
  });

  it('that is empty while accounts are linked concludes nothing, and says so', async () => {
    const { run, sandbox, writes, settled, hand, user } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    await hand('DELETE', USER, { id: (await user('jane')).id });
    const mark = await sandbox.mark();
    const { run: info } = await run('dashboard', { dryRun: false });
    expect(info.state).toBe('failed');
    expect(info.problem).toContain('empty although 1 account');
    await settled();
    expect(await writes(mark)).toEqual([]);
  });

  it('that is empty where nobody is linked is in order', async () => {
    const { run } = await withPeople([], { kind, targets: ['dashboard'] });
    expect((await run('dashboard')).run).toMatchObject({ state: 'done', listed: 0 });
  });

  it('is asked for again where a call of it fails once, and is given up when it fails for good', async () => {
    const { run, sandbox } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    await sandbox.faults({ kinds: ['500'], rate: 1, match: 'GET /users/v1/api/users', times: 2 });
    expect((await run('dashboard')).run).toMatchObject({ state: 'done', listed: 1 });
    await sandbox.faults({ kinds: ['500'], rate: 1, match: 'GET /users/v1/api/users' });
    expect((await run('dashboard')).run).toMatchObject({ state: 'failed', listed: 0 });
  });

  it('of a target that cannot be listed is refused in plain words', async () => {
    const { app, run } = await withPeople([], { kind, targets: ['door'] });
    await setTarget(app, 'acme', 'door', {
      settings: { accountKind: 'standalone', enterprisePin: '' },
      sameSystem: true,
    });
    expect((await run('door')).run.problem).toContain('a standalone Qflow account cannot list members');
  });

  it('by settings that are changed meanwhile concludes nothing', async () => {
    const { app, lane, strangers } = await withMany(kind, 600);
    const changing: Connection['list'] = async function* (io) {
      yield* strangers.connection.list(io);
      await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userName sw "x"' } });
    };
    const { run, findings } = await runNow(app, listingBy(lane, changing), { dryRun: false });
    expect(run.problem).toContain('the target was changed');
    expect(findings).toEqual([]);
  });
});

describe.each(kinds)('a run whose process dies (%s)', (kind) => {
  /** Its process is gone: nobody says any more that somebody works on it. */
  const died = async (app: { store: Awaited<ReturnType<typeof openStore>> }) => {
    await app.store.write((trx) => trx.updateTable('reconciles').set({ alive_until: 1 }).execute());
  };

  it('while listing lists anew', async () => {
    const { app, lane, strangers } = await withMany(kind, 600);
    const stop = new AbortController();
    const dying: Connection['list'] = async function* (io) {
      let n = 0;
      for await (const record of strangers.connection.list(io)) {
        if (++n > 300) stop.abort();
        // Other records than the next attempt will see.
        yield { ...record, id: `old-${record.id}` };
      }
    };
    const left = await reconcile(app.store, listingBy(lane, dying), { dryRun: true, signal: stop.signal });
    expect(left.kind).toBe('left');
    expect(await app.store.read.selectFrom('listed').select('remote_id').execute()).not.toEqual([]);

    const again = await reconcile(app.store, strangers, { dryRun: true });
    expect(again).toMatchObject({ kind: 'run', resumed: true, run: { state: 'done', listed: 601 } });
    const { run, findings } = await result(app, lane);
    expect(run.counts).toMatchObject({ inOrder: 1, orphan: 600 });
    expect(findings.filter(({ remoteId }) => remoteId?.startsWith('old'))).toEqual([]);
    expect(await app.store.read.selectFrom('listed').select('remote_id').execute()).toEqual([]);
  });

  it.each([1, 2])('while joining goes on after slice %d and doubles nothing', async (slices) => {
    const { app, lane, strangers } = await withMany(kind, 600);
    const stop = new AbortController();
    let seen = 0;
    const left = await reconcile(app.store, strangers, {
      dryRun: true,
      signal: stop.signal,
      onProgress: ({ state }) => {
        if (state === 'joining' && ++seen === slices) stop.abort();
      },
    });
    expect(left.kind).toBe('left');
    const before = await app.store.read.selectFrom('reconciles').selectAll().executeTakeFirstOrThrow();
    // The first of all is the one that is in order.
    expect(before).toMatchObject({ state: 'joining', found: slices * 250 - 1 });

    const calls = listingBy(lane, () => {
      throw new Error('it was listed already');
    });
    const again = await reconcile(app.store, calls, { dryRun: true });
    expect(again).toMatchObject({ kind: 'run', resumed: true, run: { id: before.id, state: 'done', found: 600 } });
    const { findings, run } = await result(app, lane);
    expect(run.counts).toMatchObject({ inOrder: 1, orphan: 600 });
    expect(new Set(findings.map(({ remoteId }) => remoteId)).size).toBe(600);
  });

  it("is nobody else's while it says that it lives, and cannot write once it was taken over", async () => {
    const { app, lane, strangers } = await withMany(kind, 600);
    let other: Awaited<ReturnType<typeof reconcile>> | undefined;
    let busy: Awaited<ReturnType<typeof reconcile>> | undefined;
    const frozen: Connection['list'] = async function* (io) {
      let n = 0;
      for await (const record of strangers.connection.list(io)) {
        yield record;
        if (++n !== 300) continue;
        busy = await reconcile(app.store, strangers, { dryRun: true });
        await died(app);
        other = await reconcile(app.store, strangers, { dryRun: true });
      }
    };
    const late = await reconcile(app.store, listingBy(lane, frozen), { dryRun: true });
    expect(busy?.kind).toBe('busy');
    expect(other).toMatchObject({ kind: 'run', resumed: true });
    expect(late.kind).toBe('left');
    const { run, findings } = await result(app, lane);
    expect(run).toMatchObject({ state: 'done', listed: 601, counts: { inOrder: 1, orphan: 600 } });
    expect(findings).toHaveLength(600);
    expect(await app.store.read.selectFrom('reconciles').select('id').execute()).toHaveLength(1);
  });

  it('while repairing makes the rest due', async () => {
    const { app, lane, users, hand, settled, run } = await withPeople(['jane', 'john', 'joan'], {
      kind,
      targets: ['dashboard'],
    });
    for (const user of await users()) await hand('PUT', USER, { ...user, lastName: 'Else' });
    const stop = new AbortController();
    const left = await reconcile(app.store, await lane('dashboard'), {
      dryRun: false,
      signal: stop.signal,
      onProgress: ({ state }) => state === 'repairing' && stop.abort(),
    });
    expect(left.kind).toBe('left');
    expect((await users()).every(({ lastName }) => lastName === 'Else')).toBe(true);
    await run('dashboard', { dryRun: false });
    await settled();
    expect((await users()).map(({ lastName }) => lastName)).toEqual(['Last', 'Last', 'Last']);
    expect(await app.store.read.selectFrom('reconciles').select('id').execute()).toHaveLength(1);
  });

  it('is not gone on with after a change of the target', async () => {
    const { app, lane, strangers } = await withMany(kind, 600);
    const stop = new AbortController();
    await reconcile(app.store, strangers, {
      dryRun: true,
      signal: stop.signal,
      onProgress: ({ state }) => state === 'joining' && stop.abort(),
    });
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userName sw "j"' } });
    const now = await laneOf(app, 'dashboard');
    const again = await reconcile(app.store, now, { dryRun: true });
    expect(again).toMatchObject({ kind: 'run', resumed: false });
    const runs = await app.store.read.selectFrom('reconciles').select(['state', 'problem']).orderBy('id').execute();
    expect(runs).toMatchObject([
      { state: 'failed', problem: expect.stringContaining('ended before') },
      { state: 'done' },
    ]);
    expect(lane.revision).not.toBe(now.revision);
  });
});

describe.each(kinds)('the results of runs (%s)', (kind) => {
  it('are compared with those of the last that came to a conclusion', async () => {
    const { app, run, hand, user, lane } = await withPeople(['jane', 'john', 'joan'], { kind, targets: ['dashboard'] });
    const change = async (name: string, lastName: string) => hand('PUT', USER, { ...(await user(name)), lastName });
    await change('jane', 'Else');
    await change('john', 'Else');
    const first = await run('dashboard');
    expect(first.since).toBeNull();
    await runNow(
      app,
      listingBy(await lane('dashboard'), () => {
        throw new TargetError({ kind: 'retry', reason: 'down' });
      }),
    );
    await change('john', 'Last');
    await change('joan', 'Else');
    await change('jane', 'Other');
    const { since, findings } = await run('dashboard');
    expect(found({ findings } as typeof first).sort()).toEqual(['drift jane', 'drift joan']);
    expect(since).toMatchObject({
      run: { id: first.run.id },
      added: 1,
      gone: 1,
      still: 1,
      addedFindings: [{ name: 'joan' }],
      goneFindings: [{ name: 'john' }],
    });
  });

  it('show in the metrics', async () => {
    const { run, hand, user, url } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    const metrics = async () => (await fetch(`${url}/metrics`)).text();
    expect(await metrics()).not.toContain('linkspan_reconcile_age_seconds{');
    await hand('PUT', USER, { ...(await user('jane')), lastName: 'Else' });
    await run('dashboard');
    expect(await metrics()).toContain('linkspan_reconcile_findings{tenant="acme",target="dashboard",kind="drift"} 1');
    expect(await metrics()).toContain('linkspan_reconcile_age_seconds{tenant="acme",target="dashboard"}');
  });

  it('are kept for the last 20 runs and 90 days, but the last for ever; nothing is kept for a removed target', async () => {
    const { app, hand, user, lane } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    await hand('PUT', USER, { ...(await user('jane')), lastName: 'Else' });
    const dashboard = await lane('dashboard');
    for (let n = 0; n < KEPT_RUNS + 2; n++) await runNow(app, dashboard);
    const kept = async () => {
      const runs = await app.store.read.selectFrom('reconciles').select('id').orderBy('id').execute();
      const findings = await app.store.read.selectFrom('findings').select('run_id').execute();
      expect(findings.map((row) => row.run_id).sort()).toEqual(runs.map((row) => row.id));
      return runs.length;
    };
    expect(await forgetRuns(app.store)).toBe(2);
    expect(await kept()).toBe(KEPT_RUNS);
    await forgetRuns(app.store, { now: Date.now() + 91 * 24 * HOUR });
    expect(await kept()).toBe(1);
    await app.store.write((trx) => trx.deleteFrom('targets').execute());
    await forgetRuns(app.store);
    expect(await kept()).toBe(0);
  });
});

describe.each(kinds)('reconcile by itself (%s)', (kind) => {
  const schedule = (store: Parameters<typeof dueLanes>[0]) => ({ store, outlives: () => true, onReconciled: () => {} });

  it('runs once an interval, counted from when the target was made, and never at start-up', async () => {
    const { app } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    await setTarget(app, 'acme', 'dashboard', { pace: { reconcileHours: 12 } });
    const lane = await laneOf(app, 'dashboard');
    const now = Date.now();
    const dueAt = async (at: number) => (await dueLanes(app.store, [lane], at)).length;
    expect(await dueAt(now)).toBe(0);
    expect(await dueAt(now + 11 * HOUR)).toBe(0);
    expect(await dueAt(now + 12 * HOUR)).toBe(1);
    const ran = await runIfDue(schedule(app.store), lane, undefined, now + 12 * HOUR);
    expect(ran).toMatchObject({ kind: 'run', run: { state: 'done', dry_run: 0 } });
    expect(await dueAt(Date.now() + 11 * HOUR)).toBe(0);
    expect(await dueAt(Date.now() + 13 * HOUR)).toBe(1);
    expect(await dueLanes(app.store, [{ ...lane, paused: true }], now + 99 * HOUR)).toEqual([]);
  });

  it('is off where the pace says 0', async () => {
    const { app } = await withPeople([], { kind, targets: ['dashboard'] });
    const lane = await laneOf(app, 'dashboard');
    expect(await dueLanes(app.store, [lane], Date.now() + 9_999 * HOUR)).toEqual([]);
  });

  it('runs once though two processes look at the same time', async () => {
    const { app, config } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    await setTarget(app, 'acme', 'dashboard', { pace: { reconcileHours: 1 } });
    const lane = await laneOf(app, 'dashboard');
    const second = await openStore(config.databaseUrl);
    const now = Date.now() + HOUR;
    const both = await Promise.all([
      runIfDue(schedule(app.store), lane, undefined, now),
      runIfDue(schedule(second), lane, undefined, now),
    ]);
    // And one that comes late.
    expect((await runIfDue(schedule(second), lane)).kind).toBe('not due');
    await second.close();
    expect(both.map((each) => each.kind).filter((each) => each === 'run')).toHaveLength(1);
    expect(await app.store.read.selectFrom('reconciles').select('id').execute()).toHaveLength(1);
  });

  it('takes over what a process left, also where it is off', async () => {
    const { app, lane, strangers } = await withMany(kind, 600);
    const stop = new AbortController();
    await reconcile(app.store, strangers, {
      dryRun: true,
      signal: stop.signal,
      onProgress: ({ state }) => state === 'joining' && stop.abort(),
    });
    expect(await dueLanes(app.store, [lane])).toEqual([lane]);
    expect(await runIfDue(schedule(app.store), lane)).toMatchObject({
      kind: 'run',
      resumed: true,
      run: { dry_run: 1 },
    });
    expect(await dueLanes(app.store, [lane])).toEqual([]);
  });

  it('comes again some hours after a run that failed', async () => {
    const { app } = await withPeople(['jane'], { kind, targets: ['dashboard'] });
    await setTarget(app, 'acme', 'dashboard', { pace: { reconcileHours: 24 } });
    const lane = await laneOf(app, 'dashboard');
    await runNow(
      app,
      listingBy(lane, () => {
        throw new TargetError({ kind: 'retry', reason: 'down' });
      }),
    );
    expect(await dueLanes(app.store, [lane], Date.now() + 3 * HOUR)).toEqual([]);
    expect(await dueLanes(app.store, [lane], Date.now() + 5 * HOUR)).toEqual([lane]);
  });
});
