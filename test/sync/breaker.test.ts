import { readFile } from 'node:fs/promises';
import type { Updateable } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { TargetsTable } from '../../src/store/tables.ts';
import { claim } from '../../src/sync/accounts/claims.ts';
import { addTarget, requireTarget } from '../../src/sync/admin/targets.ts';
import { createBreaker, failuresAmong } from '../../src/sync/lanes/breaker.ts';
import { failureClass } from '../../src/sync/lanes/failures.ts';
import type { Lane } from '../../src/sync/lanes/lanes.ts';
import { backoff, Pace } from '../../src/sync/lanes/pace.ts';
import { beginTrial, takeProbe } from '../../src/sync/lanes/pauses.ts';
import { eventually, type Linkspan, startLinkspan } from '../linkspan.ts';
import { describeStores } from '../stores.ts';

const DEFAULTS = Pace.parse({});
const random = (seed: number) => () => {
  // mulberry32
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

describe('the breaker of a target', () => {
  const trippedAfter = (breaker: ReturnType<typeof createBreaker>, failed: (n: number) => boolean, calls = 10_000) => {
    for (let n = 1; n <= calls; n++) if (breaker.count([failed(n)])) return n;
    return null;
  };

  it('trips at the 20th failure in a row, and says so', () => {
    const breaker = createBreaker(DEFAULTS);
    expect(breaker.count(Array(19).fill(true))).toBeNull();
    expect(breaker.count([true])).toBe('20 calls in a row failed');
  });

  it('begins anew with every success, and when it is reset', () => {
    const breaker = createBreaker({ ...DEFAULTS, failureWindow: 0 });
    for (let n = 0; n < 10; n++) expect(breaker.count([...Array(19).fill(true), false])).toBeNull();
    breaker.count(Array(19).fill(true));
    breaker.reset();
    expect(breaker.count([true])).toBeNull();
  });

  it('trips when 40 of the last 50 failed, whatever came between, and not before there were 50', () => {
    expect(trippedAfter(createBreaker(DEFAULTS), (n) => n % 5 !== 0)).toBe(50);
    expect(trippedAfter(createBreaker(DEFAULTS), (n) => n % 4 !== 0)).toBeNull();
    // An old success leaves the window.
    expect(trippedAfter(createBreaker(DEFAULTS), (n) => n > 100 && n % 5 !== 0)).toBeLessThan(160);
  });

  it('is not tripped by faults at random in 30 of 100 calls', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const draw = random(seed);
      expect(trippedAfter(createBreaker(DEFAULTS), () => draw() < 0.3, 20_000)).toBeNull();
    }
  });

  it('can be switched off', () => {
    expect(trippedAfter(createBreaker({ ...DEFAULTS, failuresInRow: 0, failureWindow: 0 }), () => true)).toBeNull();
  });

  it('counts no answer, 5xx and 408; a limit says nothing; a refusal is an answer', () => {
    const calls = [
      { status: null, error: 'ECONNREFUSED' },
      { status: 503, error: null },
      { status: 408, error: null },
      { status: 429, error: null },
      { status: 404, error: null },
      { status: 204, error: null },
      { status: 200, error: 'UND_ERR_SOCKET' },
    ];
    expect(failuresAmong(calls, 'retry')).toEqual([true, true, true, false, false, true]);
  });

  it('believes a target that reads its 500s as answers', () => {
    const calls = [{ status: 500, error: null }];
    expect(failuresAmong(calls, 'reject')).toEqual([false]);
    expect(failuresAmong(calls, 'done')).toEqual([false]);
  });
});

it('an account that failed very often is tried again no later than the longest backoff', () => {
  for (const attempts of [1, 20, 1_000, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    for (const luck of [0, 0.5, 1]) {
      const wait = backoff(attempts, DEFAULTS, () => luck);
      expect(wait).toBeLessThanOrEqual(DEFAULTS.backoffMaxMs);
      expect(wait).toBeGreaterThanOrEqual(Math.min(DEFAULTS.backoffMinMs / 2, wait));
    }
  }
  expect(backoff(1_000_000, DEFAULTS, () => 0)).toBe(DEFAULTS.backoffMaxMs / 2);
});

it('a failure has a class that says who can end it', () => {
  expect(failureClass({ kind: 'retry', reason: '' }, false)).toBe('transient');
  expect(failureClass({ kind: 'retry', reason: '', unclear: true }, false)).toBe('unknown');
  expect(failureClass({ kind: 'retry', reason: '' }, true)).toBe('unknown');
  expect(failureClass({ kind: 'reject', reason: '' }, false)).toBe('account');
  expect(failureClass({ kind: 'pause', reason: '' }, false)).toBe('target');
  expect(failureClass({ kind: 'snooze', reason: '', afterMs: 1 }, false)).toBeNull();
  expect(failureClass(null, false)).toBeNull();
});

const HOUR = 3_600_000;
/** A probe comes when the test says so, and no backoff ends by itself. */
const STILL = { probeMs: HOUR, backoffMinMs: HOUR, backoffMaxMs: HOUR };

const target = ({ app }: Linkspan) =>
  app.store.read.selectFrom('targets').selectAll().where('tenant', '=', 'acme').executeTakeFirstOrThrow();
const accounts = ({ app }: Linkspan) => app.store.read.selectFrom('accounts').selectAll().execute();
const setTargets = ({ app }: Linkspan, values: Updateable<TargetsTable>) =>
  app.store.write((trx) => trx.updateTable('targets').set(values).execute());
const probe = (linkspan: Linkspan) => setTargets(linkspan, { probe_at: 0 });
const isPaused = (linkspan: Linkspan, why: RegExp) => async () => {
  const { state, paused_reason } = await target(linkspan);
  return state === 'paused' && why.test(paused_reason ?? '');
};

async function push(linkspan: Linkspan, from: number, to: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = from; n < to; n++) ids.push((await linkspan.scim('POST', '/Users', { userName: `user${n}` })).body.id);
  return ids;
}

const CREATE = 'POST /users/v1/api/user';
const changesSince = async ({ sandbox }: Linkspan, mark: number) =>
  (await sandbox.calls())
    .filter(({ number, method, path }) => number > mark && method !== 'GET' && path.startsWith('/users/'))
    .map(({ method, path }) => `${method} ${path}`);

describeStores('a trial', (open) => {
  it('is made with the most urgent of those who wait for the target, though its backoff is not over', async () => {
    const store = await open();
    const target = { tenant: 'acme', id: 'door', name: 'door', type: 't', settings: '{}', rules: '{}', pace: '{}' };
    const paused = { state: 'paused', paused_by: 'engine', probe_at: 0, revision: 1, created_at: 0 } as const;
    const account = { tenant: 'acme', target_id: 'door', generation: 1, observed_generation: 0, attempts: 0 };
    const rest = { lease_epoch: 0, memory: '{}', changed_at: 0 };
    const later = (await store.now()) + HOUR;
    await store.write(async (trx) => {
      await trx
        .insertInto('targets')
        .values({ ...target, ...paused })
        .execute();
      const rows = [
        { user_id: 'due', urgent: 0 as const, due_at: 1, outcome: null },
        { user_id: 'leaver', urgent: 1 as const, due_at: later, outcome: 'retry' },
        // It waits for somebody's name: the target has nothing to do with it.
        { user_id: 'waiting', urgent: 1 as const, due_at: later - 1, outcome: 'snooze' },
      ];
      await trx
        .insertInto('accounts')
        .values(rows.map((row) => ({ ...account, ...rest, ...row })))
        .execute();
    });
    const lane = { tenant: 'acme', targetId: 'door', revision: 1, pace: DEFAULTS, paused: true } as unknown as Lane;
    expect(await takeProbe(store, lane)).toBe(true);
    expect(await takeProbe(store, lane)).toBe(false);
    await beginTrial(store, lane, 'me');
    expect((await claim(store, lane, 'me', 1)).map(({ user_id }) => user_id)).toEqual(['leaver']);
  });
});

describe.each(['sqlite', 'postgres'] as const)('a target that fails (%s)', (kind) => {
  it('is paused and keeps every wish; when it works again the most urgent is tried, and all backoffs end', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'], pace: STILL });
    const [leaver] = await push(linkspan, 0, 1);
    await linkspan.settled();

    await linkspan.sandbox.faults({ kinds: ['500'] });
    await push(linkspan, 1, 26);
    await eventually('it is paused', isPaused(linkspan, /^20 calls in a row failed; the last: .* answered 500/));
    await linkspan.scim('DELETE', `/Users/${leaver}`);
    await eventually('the removal is due', async () => (await accounts(linkspan)).some(({ urgent }) => urgent === 1));
    await probe(linkspan);
    await eventually('the probe has failed', isPaused(linkspan, /^(?!20 calls).* answered 500/));
    const waiting = await accounts(linkspan);
    expect(waiting.filter(({ due_at }) => due_at === null)).toEqual([]);
    expect(waiting.filter(({ failure }) => failure === 'transient').length).toBeGreaterThanOrEqual(20);

    await linkspan.sandbox.faults({ rate: 0 });
    const mark = await linkspan.sandbox.mark();
    await probe(linkspan);
    await linkspan.settled();
    expect(await target(linkspan)).toMatchObject({ state: 'active', paused_by: null, trial_by: null, probe_at: null });
    const [first] = await changesSince(linkspan, mark);
    expect(first).not.toBe(CREATE);
    expect((await linkspan.sandbox.state()).qflow.users).toHaveLength(25);
    expect((await accounts(linkspan)).filter(({ failure }) => failure !== null)).toEqual([]);
  });

  it('although its probe works is tried with one account at a time, by one process', async () => {
    const linkspan = await startLinkspan({
      kind,
      targets: ['dashboard'],
      pace: { ...STILL, failuresInRow: 0, failureShare: 0.4, failureWindow: 10 },
    });
    if (kind === 'postgres') {
      const { databaseUrl } = linkspan.config;
      await startLinkspan({ databaseUrl, sandbox: linkspan.sandbox, tenant: null });
    }
    await push(linkspan, 0, 1);
    await linkspan.settled();
    await linkspan.sandbox.faults({ kinds: ['500'], match: CREATE });
    await push(linkspan, 1, 40);
    await eventually('it is paused', isPaused(linkspan, /of the last 10 calls failed; the last: .* answered 500/));
    await eventually('what was under way has ended', async () =>
      (await accounts(linkspan)).every(({ lease_owner }) => lease_owner === null),
    );

    for (let times = 0; times < 3; times++) {
      await setTargets(linkspan, { paused_reason: 'before' });
      const mark = await linkspan.sandbox.mark();
      await probe(linkspan);
      await eventually('it was tried', isPaused(linkspan, /^tried again: .* answered 500/));
      expect(await changesSince(linkspan, mark)).toEqual([CREATE]);
    }
    expect((await accounts(linkspan)).some(({ failure }) => failure === 'unknown')).toBe(true);

    await linkspan.sandbox.faults({ rate: 0 });
    await probe(linkspan);
    await linkspan.settled(25_000);
    expect((await linkspan.sandbox.state()).qflow.users).toHaveLength(40);
  });

  it('is left to the process that tries it for as long as that lives', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'], pace: STILL });
    const now = await linkspan.app.store.now();
    await linkspan.app.store.write(async (trx) => {
      await trx
        .insertInto('processes')
        .values({ id: 'other', started_at: now, alive_until: now + 60_000 })
        .execute();
      await trx
        .updateTable('targets')
        .set({ state: 'paused', paused_by: 'engine', paused_reason: 'down', probe_at: 0, trial_by: 'other' })
        .execute();
    });
    await eventually('the account is due', async () => {
      await push(linkspan, 0, 1);
      return (await accounts(linkspan)).some(({ due_at }) => due_at !== null);
    });
    const lookedAt = async () => {
      const mark = await linkspan.sandbox.mark();
      await probe(linkspan);
      // Several looks at the targets later: with each the lanes are refreshed.
      for (let n = 1; n < 4; n++) await push(linkspan, n * 10, n * 10 + 2);
      await new Promise((resolve) => setTimeout(resolve, 800));
      return (await linkspan.sandbox.calls()).filter(({ number }) => number > mark);
    };
    expect(await lookedAt()).toEqual([]);
    expect(await target(linkspan)).toMatchObject({ state: 'paused', trial_by: 'other' });

    await linkspan.app.store.write((trx) => trx.deleteFrom('processes').where('id', '=', 'other').execute());
    await linkspan.settled();
    expect(await target(linkspan)).toMatchObject({ state: 'active', trial_by: null });
  });
});

it('more accounts are worked on at once where each look reads the whole list and nothing is taken away, unless an administrator says otherwise', async () => {
  const { app } = await startLinkspan({ targets: [] });
  const account = { username: 'DEMO/u', password: 'p', clientId: 'a', clientSecret: 'b', subscriptionKey: 's' };
  const concurrencyOf = async (name: string, type: string, pace = {}) => {
    const baseUrl = 'http://127.0.0.1:9';
    const url =
      type === 'platform-users' ? { baseUrl, tokenUrl: `${baseUrl}/token` } : { baseUrl, enterprisePin: 'DEMO' };
    await addTarget(app, 'acme', name, type, { settings: { ...account, ...url }, pace });
    return JSON.parse((await requireTarget(app.store, 'acme', name)).pace).concurrency;
  };
  expect(await concurrencyOf('a', 'qflow-enterprise')).toBe(4);
  expect(await concurrencyOf('b', 'qflow-team')).toBe(4);
  expect(await concurrencyOf('c', 'platform-users')).toBe(32);
  expect(await concurrencyOf('d', 'platform-users', { concurrency: 2 })).toBe(2);
});

it('every time and limit stands in docs/pace.md with its default', async () => {
  const docs = await readFile('docs/pace.md', 'utf8');
  for (const [name, value] of Object.entries(DEFAULTS)) {
    expect(docs).toContain(`| \`${name}\` | ${value} | ${Pace.shape[name as keyof Pace].description} |`);
  }
});
