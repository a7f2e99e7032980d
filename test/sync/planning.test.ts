import { randomUUIDv7 } from 'node:crypto';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { pauseByAdmin, resumeByAdmin, setTarget, type TargetInput } from '../../src/sync/admin/targets.ts';
import { draftOf, draftOfNew } from '../../src/sync/planning/draft.ts';
import { overLimits } from '../../src/sync/planning/over-limits.ts';
import { type PlanningOptions, plan } from '../../src/sync/planning/planning.ts';
import { createRandom } from '../chaos/random.ts';
import { eventually, type Linkspan, patch, startLinkspan } from '../linkspan.ts';
import type { Kind } from '../stores.ts';
import { createIdp, madeCalls, plannedCalls, randomRules } from './planning.ts';

const planned = async ({ app }: Linkspan, name: string, input: TargetInput = {}, options: PlanningOptions = {}) =>
  plan(app.store, await draftOf(app, 'acme', name, input), { details: 1_000, ...options });

/** Every row of every table. */
async function everything({ app }: Linkspan) {
  const tables = [
    'accounts',
    'targets',
    'changes',
    'activity',
    'calls',
    'intents',
    'remote_links',
    'receipts',
  ] as const;
  return Promise.all(tables.map((table) => app.store.read.selectFrom(table).selectAll().execute()));
}

describe.each<Kind>(['sqlite', 'postgres'])('a plan of a draft (%s)', (kind) => {
  it.each([1, 2, 3])('is what then happens, for random directories and rules (seed %i)', async (seed) => {
    const random = createRandom(seed, 0);
    const linkspan = await startLinkspan({ kind });
    const { app, scim, sandbox, settled } = linkspan;
    const idp = createIdp(scim, random);
    await idp.populate();
    await settled();
    for (let round = 0; round < 6; round++) {
      const name = random.pick(['dashboard', 'door']);
      const rules = randomRules(random);
      await pauseByAdmin(app, 'acme', name, 'test');
      // What is due already is part of the plan too.
      for (let n = random.below(4); n > 0; n--) await idp.disturb();
      await eventually('the other target is done, and this one has its changes', async () => {
        const waiting = await app.store.read.selectFrom('changes').select('seq').execute();
        const busy = await app.store.read
          .selectFrom('accounts')
          .innerJoin('targets', 'targets.id', 'accounts.target_id')
          .select('user_id')
          .where((row) =>
            row.or([
              row('lease_owner', 'is not', null),
              row.and([row('due_at', 'is not', null), row('state', '=', 'active')]),
            ]),
          )
          .execute();
        return waiting.length + busy.length === 0;
      });
      const draft = await planned(linkspan, name, { rules });
      const mark = await sandbox.mark();
      await setTarget(app, 'acme', name, { rules });
      await resumeByAdmin(app, 'acme', name);
      await settled();
      const made = madeCalls((await sandbox.calls()).filter((call) => call.number > mark));
      const where = { seed, round, name, rules };
      expect({ ...where, calls: plannedCalls(draft.details) }).toEqual({ ...where, calls: made });
      for (const step of ['create', 'update', 'rename', 'disable', 'enable', 'delete', 'assign', 'unassign'] as const) {
        const steps = draft.details.flatMap((account) => account.steps.filter((each) => each.kind === step));
        expect({ ...where, [step]: draft.calls[step] }).toEqual({ ...where, [step]: steps.length });
      }
      expect(draft.details.length + draft.nothing).toBeLessThanOrEqual(draft.users);
      const after = await planned(linkspan, name);
      expect({ ...where, left: plannedCalls(after.details) }).toEqual({ ...where, left: {} });
    }
  });

  it('names who enters and who leaves, counts by attribute and assignment, and writes and calls nothing', async () => {
    const linkspan = await startLinkspan({ kind });
    const { app, scim, sandbox, settled } = linkspan;
    const [jane, joe] = [await person(linkspan, 'jane', 'Employee'), await person(linkspan, 'joe', 'EndUser')];
    await person(linkspan, 'ann', 'Employee');
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: jane }, { value: joe }] });
    await settled();
    await pauseByAdmin(app, 'acme', 'dashboard', 'test');
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', path: 'name.familyName', value: 'Smith' }));
    await eventually('it is fanned out', async () => (await everything(linkspan))[2]?.length === 0);
    await settledDoor(linkspan);

    const before = await everything(linkspan);
    const mark = await sandbox.mark();
    const ofDoor = await planned(linkspan, 'door', { rules: { scope: 'userName sw "jo"', outOfScope: 'delete' } });
    expect(ofDoor).toMatchObject({
      users: 3,
      linked: 1,
      draft: true,
      calls: { create: 1, assign: 1, delete: 1, unassign: 0 },
      kinds: { create: 1, delete: 1 },
      assignments: { 1001: { assign: 1, unassign: 0 } },
      nothing: 1,
      failed: 0,
      enters: { count: 1, first: [{ userName: 'joe', why: expect.stringContaining('in scope') }] },
      leaves: { count: 1, deleted: 1, disabled: 0, first: [{ userId: jane, userName: 'jane' }] },
    });
    const now = await planned(linkspan, 'dashboard');
    expect(now).toMatchObject({
      draft: false,
      calls: { update: 1, create: 0 },
      attributes: { lastName: 1 },
      nothing: 2,
    });
    const keep = await planned(linkspan, 'dashboard', { rules: { scope: 'userName eq "joe"', outOfScope: 'keep' } });
    expect(keep).toMatchObject({
      calls: { create: 1, disable: 0 },
      leaves: { count: 2, kept: 2 },
      enters: { count: 1 },
    });

    expect(await everything(linkspan)).toEqual(before);
    expect(await sandbox.mark()).toBe(mark);
  });

  it('says in words for whom it cannot be computed, and plans the others', async () => {
    const linkspan = await startLinkspan({ kind, targets: ['dashboard'] });
    const { app, scim, settled } = linkspan;
    const jane = await person(linkspan, 'jane', 'Employee');
    await person(linkspan, 'joe', 'Employee');
    await settled();
    await setTarget(app, 'acme', 'dashboard', { rules: { deleted: 'keep' } });
    await settled();
    await scim('DELETE', `/Users/${jane}`);
    await settled();
    await pauseByAdmin(app, 'acme', 'dashboard', 'test');
    await person(linkspan, 'jane', 'Employee');
    expect(await planned(linkspan, 'dashboard')).toMatchObject({
      calls: { create: 0 },
      failed: 1,
      errors: [{ reason: expect.stringContaining('the name is held'), count: 1, first: [{ userName: 'jane' }] }],
    });
    const unknown = await planned(linkspan, 'dashboard', {
      rules: { mapping: { firstName: 'string(int(user.userName))' } },
    });
    expect(unknown.failed).toBeGreaterThan(0);
    expect(unknown.errors.map(({ reason }) => reason).join()).toMatch(/the mapping cannot be computed: firstName/);
  });
});

describe('a plan', () => {
  it('is of a target that is not there yet too, without its secrets', async () => {
    const linkspan = await startLinkspan({ targets: [] });
    await person(linkspan, 'jane', 'Employee');
    await person(linkspan, 'joe', 'EndUser');
    const settings = { clientId: 'x', username: 'ACME/x' };
    const rules = { scope: 'userType eq "EndUser"' };
    const draft = await draftOfNew(linkspan.app, 'acme', 'new', 'qflow-team', { settings, rules });
    expect(await plan(linkspan.app.store, draft)).toMatchObject({
      target: null,
      users: 2,
      calls: { create: 1 },
      enters: { count: 1, first: [{ userName: 'joe' }] },
      details: [],
    });
    await expect(draftOfNew(linkspan.app, 'acme', 'new', 'qflow-team', {})).rejects.toThrow(/clientId: /);
    await expect(draftOfNew(linkspan.app, 'acme', 'new', 'nonsense', {})).rejects.toThrow(/no target type "nonsense"/);
  });

  it('reads users in slices, lets others have a turn, and tells how far it is', async () => {
    const linkspan = await startLinkspan({ targets: ['dashboard'] });
    const { app } = linkspan;
    await pauseByAdmin(app, 'acme', 'dashboard', 'test');
    const at = '2026-11-22T10:00:00.000000000Z';
    const users = Array.from({ length: 1_200 }, (_, n) => ({
      ...{ tenant: 'acme', id: randomUUIDv7(), type: 'User', version: 1, created: at, last_modified: at },
      ...{ document: JSON.stringify({ userName: `p${n}`, active: true }), search: app.store.dialect.jsonb('{}') },
      deleted_at: null,
    }));
    await app.store.write(async (trx) => {
      for (let from = 0; from < 1_200; from += 400) {
        await trx
          .insertInto('resources')
          .values(users.slice(from, from + 400))
          .execute();
      }
    });
    const seen: number[] = [];
    let turns = 0;
    let planning = true;
    const others = (async () => {
      for (; planning; turns++) await turnOfTheLoop();
    })();
    const onProgress = (done: number, total: number) => {
      expect(total).toBe(1_200);
      seen.push(done);
    };
    const done = await planned(linkspan, 'dashboard', {}, { onProgress, limit: 3, details: 2 });
    planning = false;
    await others;
    expect(done).toMatchObject({ users: 1_200, calls: { create: 1_200 }, enters: { count: 1_200 } });
    expect([done.enters.first.length, done.details.length]).toEqual([3, 2]);
    expect(seen).toEqual([250, 500, 750, 1_000, 1_200]);
    expect(turns).toBeGreaterThan(1);
    await expect(planned(linkspan, 'dashboard', {}, { signal: AbortSignal.abort() })).rejects.toThrow();
  });

  it('compares what is taken away with the limits as a saved change of rules will be', async () => {
    const linkspan = await startLinkspan({ targets: ['dashboard'] });
    const { app, settled } = linkspan;
    for (const name of ['jane', 'joe', 'ann']) await person(linkspan, name, 'Employee');
    await settled();
    const limits = { disable: { count: 1, percent: null } };
    const draft = await draftOf(app, 'acme', 'dashboard', { rules: { scope: 'userName eq "ann"', limits } });
    const over = await overLimits(app.store, draft, await plan(app.store, draft), draft.after.rules);
    expect(over).toEqual([{ kind: 'disable', planned: 2, started: 0, allowed: 1, limit: '1' }]);
    await setTarget(app, 'acme', 'dashboard', { rules: { scope: 'userName eq "ann"', limits } });
    await eventually('the set is held', async () => {
      const holds = await app.store.read.selectFrom('holds').select('kind').execute();
      return holds.some((hold) => hold.kind === 'disable');
    });
  });
});

async function person({ scim }: Linkspan, userName: string, userType: string): Promise<string> {
  return (await scim('POST', '/Users', { userName, userType, name: { givenName: userName } })).body.id;
}

/** Nothing is due at the door, whatever waits elsewhere. */
async function settledDoor({ app }: Linkspan): Promise<void> {
  await eventually('the door is at rest', async () => {
    const rows = await app.store.read
      .selectFrom('accounts')
      .innerJoin('targets', 'targets.id', 'accounts.target_id')
      .select('user_id')
      .where('targets.name', '=', 'door')
      .where((row) => row.or([row('due_at', 'is not', null), row('lease_owner', 'is not', null)]))
      .execute();
    return rows.length === 0;
  });
}
