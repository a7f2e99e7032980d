import { describe, expect, it, onTestFinished } from 'vitest';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { eventually, startLinkspan, startSandbox, unsettled } from '../linkspan.ts';

const isAt = (tenant: string, lanes: readonly string[], open: boolean) =>
  lanes.filter((lane) => lane.includes(`tenant="${tenant}"`)).every((lane) => lane.endsWith(' 0') !== open);

describe('a target in trouble delays only its own lane', () => {
  const troubles: [what: string, faults: Record<string, unknown>][] = [
    ['answers 500', { kinds: ['500'], rate: 1 }],
    ['answers 429', { kinds: ['429'], rate: 1 }],
    ['cuts connections', { kinds: ['reset'], rate: 1 }],
    ['does the work and cuts', { kinds: ['lost-response'], rate: 0.5 }],
    ['does the work and answers 500', { kinds: ['500-after'], rate: 0.5 }],
    ['does not answer', { kinds: ['timeout'], rate: 1 }],
  ];

  it.each(troubles)('when it %s, and everything converges afterwards', async (_, faults) => {
    const linkspan = await startLinkspan();
    const healthy = await startSandbox();
    onTestFinished(() => healthy.close());
    const globex = await linkspan.addTenant('globex', { sandbox: healthy });
    await linkspan.sandbox.faults(faults);

    const names = Array.from({ length: 5 }, (_, n) => `person${n}@example.com`);
    for (const scim of [linkspan.scim, globex]) {
      const members = [];
      for (const userName of names) members.push({ value: (await scim('POST', '/Users', { userName })).body.id });
      await scim('POST', '/Groups', { displayName: 'Event 1001', members });
    }
    await eventually(
      'the healthy lanes are done',
      async () => isAt('globex', await unsettled(linkspan.url), false),
      20_000,
    );
    if (faults.rate === 1) expect(isAt('acme', await unsettled(linkspan.url), false)).toBe(false);

    await linkspan.sandbox.faults({ rate: 0 });
    await linkspan.settled(20_000);
    for (const sandbox of [linkspan.sandbox, healthy]) {
      const { users, teamMembers, assignments } = (await sandbox.state()).qflow;
      expect(users.map(({ userName }) => userName).sort()).toEqual(names.map((name) => `DEMO/${name}`));
      expect(teamMembers.map(({ email }) => email).sort()).toEqual(names);
      expect(assignments).toHaveLength(5);
    }
  });

  it('when it is not there at all', async () => {
    const linkspan = await startLinkspan();
    const gone = await startSandbox();
    const { port } = new URL(gone.url);
    const globex = await linkspan.addTenant('globex', { sandbox: gone });
    await gone.close();
    await globex('POST', '/Users', { userName: 'late@example.com' });
    await linkspan.scim('POST', '/Users', { userName: 'now@example.com' });
    await eventually(
      'the healthy lanes are done',
      async () => isAt('acme', await unsettled(linkspan.url), false),
      20_000,
    );
    expect(isAt('globex', await unsettled(linkspan.url), false)).toBe(false);

    const back = await startSandbox({ port: Number(port) });
    onTestFinished(() => back.close());
    await linkspan.settled();
    expect((await back.state()).qflow.users).toMatchObject([{ userName: 'DEMO/late@example.com' }]);
  });
});

it('keeps two tenants apart, however their requests are interleaved', async () => {
  const linkspan = await startLinkspan({ targets: [] });
  const other = await linkspan.addTenant('globex', { targets: [] });
  const create = (scim: typeof other, n: number) =>
    scim('POST', '/Users', { userName: `user${n}`, externalId: scim.base });
  await Promise.all(Array.from({ length: 40 }, (_, n) => create(n % 2 ? linkspan.scim : other, Math.floor(n / 2))));
  for (const scim of [linkspan.scim, other]) {
    const { body } = await scim('GET', '/Users');
    expect(body.totalResults).toBe(20);
    expect(new Set(body.Resources.map((user: { externalId: string }) => user.externalId))).toEqual(
      new Set([scim.base]),
    );
  }
});

describe('credentials', () => {
  const lane = async ({ app }: Awaited<ReturnType<typeof startLinkspan>>) =>
    app.store.read.selectFrom('targets').selectAll().executeTakeFirstOrThrow();

  it('that are wrong pause the target at once; right ones resume it, and no wish is lost', async () => {
    const linkspan = await startLinkspan({ targets: ['dashboard'] });
    const { app, scim, sandbox, settled } = linkspan;
    const right = await sandbox.credentials('qflow');
    await setTarget(app, 'acme', 'dashboard', { settings: { subscriptionKey: 'wrong' } });
    await eventually('the new key is in use', async () => (await lane(linkspan)).vault === null);
    const mark = await sandbox.mark();
    for (let n = 0; n < 5; n++) await scim('POST', '/Users', { userName: `user${n}` });
    await eventually('it is paused', async () => (await lane(linkspan)).state === 'paused');
    const { paused_reason, paused_by } = await lane(linkspan);
    expect(paused_by).toBe('engine');
    expect(paused_reason).toMatch(/subscription key/i);
    const refused = (await sandbox.calls()).filter((call) => call.number > mark && call.path.startsWith('/users'));
    expect(refused.filter((call) => call.status === 401).length).toBeLessThan(10);

    await setTarget(app, 'acme', 'dashboard', { settings: { subscriptionKey: right.subscriptionKey } });
    await settled();
    expect((await sandbox.state()).qflow.users).toHaveLength(5);
    expect((await lane(linkspan)).state).toBe('active');
  });

  it('never stand in the database, in clear', async () => {
    const linkspan = await startLinkspan();
    const { app, scim, sandbox, settled } = linkspan;
    await scim('POST', '/Users', { userName: 'jane', password: 'Tr0ub4dor-and-3' });
    await settled();
    const { password, clientSecret, subscriptionKey } = await sandbox.credentials('qflow');
    const tables = ['targets', 'accounts', 'activity', 'calls', 'intents', 'receipts', 'resources', 'changes'] as const;
    const dump = JSON.stringify(
      await Promise.all(
        tables.map((table) =>
          table === 'resources'
            ? app.store.read.selectFrom(table).select(['document']).execute()
            : app.store.read.selectFrom(table).selectAll().execute(),
        ),
      ),
    );
    for (const secret of [password, clientSecret, subscriptionKey, 'Tr0ub4dor-and-3']) {
      expect(secret).toBeTruthy();
      expect(dump.includes(String(secret))).toBe(false);
    }
    expect((await lane(linkspan)).vault).toMatch(/^eyJ/);
  });
});

it('adds everybody to a target that comes later', async () => {
  const { scim, sandbox, settled, addTenant } = await startLinkspan({ targets: [] });
  expect(scim.base).toContain('acme');
  const globex = await addTenant('globex', { targets: ['dashboard'] });
  for (let n = 0; n < 3; n++) await globex('POST', '/Users', { userName: `user${n}` });
  await settled();
  expect((await sandbox.state()).qflow.users).toHaveLength(3);
});

it('survives two servers on one PostgreSQL: everything is made once', async () => {
  const first = await startLinkspan({ kind: 'postgres' });
  const second = await startLinkspan({
    databaseUrl: first.config.databaseUrl,
    sandbox: first.sandbox,
    tenant: null,
  });
  const send = (n: number) => {
    const base = first.scim.base.replace(first.url, n % 2 ? first.url : second.url);
    return fetch(`${base}/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first.scim.token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({ userName: `user${n}@example.com` }),
    });
  };
  const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => send(n)));
  expect(answers.map((answer) => answer.status)).toEqual(Array(40).fill(201));
  await first.settled();
  const { qflow, calls } = await first.sandbox.state();
  expect(qflow.users).toHaveLength(40);
  expect(calls['POST /users/v1/api/user']).toBe(40);
});
