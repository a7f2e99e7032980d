/** What is special about Qflow team members, beyond what the shared suite asks of every target. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { target as type } from '../../src/targets/qflow-team/index.ts';
import { desired as desiredOf, plan } from '../../src/targets/qflow-team/mapping.ts';
import { Settings } from '../../src/targets/qflow-team/settings.ts';
import type { Connection, Memory, Observed, Step } from '../../src/targets/target.ts';
import { type Account, createAccount, mapped, type Somebody } from './account.ts';
import { type SandboxServer, startSandboxes, testIo, testVault } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

const SECRETS = { clientId: 'c', clientSecret: 's', password: 'p', subscriptionKey: 'k' };
const SETTINGS = Settings.parse({ ...SECRETS, username: 'DEMO/api@example.com' });
const desired = (somebody: Somebody, settings: Settings) => desiredOf(mapped(type, somebody), settings);
const NOTHING: Memory = { granted: [], remembered: [] };

const kelly: Somebody = {
  id: '1',
  user: {
    userName: 'Kelly.Door',
    name: { givenName: 'Kelly', familyName: 'Door' },
    emails: [{ value: ' Kelly@Example.com ' }],
  },
  presence: 'active',
  assignments: ['1001'],
};
const inactive: Somebody = { ...kelly, presence: 'inactive' };

describe('the mapping to a Qflow team member', () => {
  test('folds the names as Qflow does, and sends them bare', () => {
    expect(desired(kelly, SETTINGS)?.keys).toEqual({ userName: 'kelly.door', email: 'kelly@example.com' });
    const prefixed = { ...kelly, user: { userName: 'demo/Kelly.Door' } };
    expect(desired(prefixed, SETTINGS)?.keys.userName).toBe('kelly.door');
  });

  test('grants nothing to who is inactive, and wants nobody who is absent', () => {
    expect(desired(kelly, SETTINGS)?.assignments).toEqual(['1001']);
    expect(desired(inactive, SETTINGS)).toMatchObject({ presence: 'inactive', assignments: [] });
    expect(desired({ ...kelly, presence: 'absent' }, SETTINGS)).toBeNull();
  });

  test('keeps a slash on a standalone account, which has no pin', () => {
    const settings = Settings.parse({ ...SECRETS, username: 'api@example.com', accountKind: 'standalone' });
    expect(desired({ ...kelly, user: { userName: 'demo/kelly' } }, settings)?.keys.userName).toBe('demo/kelly');
  });

  test('needs a pin on an enterprise account', () => {
    expect(Settings.safeParse({ ...SECRETS, username: 'api@example.com' }).success).toBe(false);
  });
});

describe('the plan for a Qflow team member', () => {
  const wanted = desired(kelly, SETTINGS);
  const seen = (assignments: readonly string[] | null): Observed => {
    return { id: '7', keys: wanted?.keys ?? {}, fields: wanted?.fields ?? {}, enabled: true, assignments };
  };
  const steps = (person: Somebody, assignments: readonly string[] | null, memory: Partial<Memory> = {}) =>
    plan(desired(person, SETTINGS), seen(assignments), { ...NOTHING, ...memory }, SETTINGS).map(
      ({ kind, subject }) => `${kind} ${subject}`,
    );

  test('creates and assigns, as plain data', () => {
    const made = plan(wanted, null, NOTHING, SETTINGS);
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
    expect(made).toEqual([
      {
        kind: 'create',
        call: 'POST /api/teammember',
        body: { userName: 'kelly.door', email: 'kelly@example.com', firstName: 'Kelly', lastName: 'Door' },
      },
      { kind: 'assign', call: 'POST /api/teammember/{id}/assign/1001', subject: '1001' },
    ]);
  });

  test('takes away what we gave and nobody else', () => {
    expect(steps(kelly, ['1001', '1002', '1003'], { granted: ['1001', '1002'] })).toEqual(['unassign 1002']);
  });

  test('takes away everything from who is inactive, one step for each event', () => {
    expect(steps(inactive, ['1001', '1002', '1003'], { granted: ['1001'] })).toEqual([
      'unassign 1001',
      'unassign 1002',
      'unassign 1003',
    ]);
    expect(steps(inactive, [])).toEqual([]);
  });

  test('gives back on return what others had given', () => {
    expect(steps(kelly, [], { remembered: ['1002', '1003'] })).toEqual(['assign 1001', 'assign 1002', 'assign 1003']);
  });

  test('does without a read where there was none: all we know of is given or taken', () => {
    expect(steps(kelly, null, { granted: ['1001', '1002'] })).toEqual(['unassign 1002', 'assign 1001']);
    expect(steps(inactive, null, { granted: ['1001'] })).toEqual(['unassign 1001']);
  });

  test('puts the whole record, bare and without a password, whatever differs', () => {
    const other: Observed = { ...seen(['1001']), fields: { ...wanted?.fields, lastName: 'Roe', phone: '17' } };
    expect(plan(wanted, other, NOTHING, SETTINGS)).toEqual([
      {
        kind: 'update',
        call: 'PUT /api/teammember/update',
        body: {
          id: '7',
          userName: 'kelly.door',
          email: 'kelly@example.com',
          firstName: 'Kelly',
          lastName: 'Door',
          phone: '17',
        },
        changes: ['lastName'],
      },
    ]);
  });

  test('calls it a rename when the name differs, still one call', () => {
    const other: Observed = { ...seen(['1001']), keys: { userName: 'kelly', email: 'kelly@example.com' } };
    expect(plan(wanted, other, NOTHING, SETTINGS)).toMatchObject([{ kind: 'rename', changes: ['userName'] }]);
  });

  test('carries a word for the password that was given, within the one call, and none for who is inactive', () => {
    const given: Somebody = { ...kelly, password: 'given' };
    const body = (somebody: Somebody, observed: Observed | null) =>
      plan(desired(somebody, SETTINGS), observed, NOTHING, SETTINGS).find(({ body }) => body);
    expect(body(given, null)?.body).toMatchObject({ password: '<given>' });
    for (const password of ['random', 'none'] as const) {
      expect(body({ ...kelly, password }, null)?.body).not.toHaveProperty('password');
    }
    expect(body(given, seen(['1001']))).toEqual({
      kind: 'update',
      call: 'PUT /api/teammember/update',
      body: {
        ...{ id: '7', userName: 'kelly.door', email: 'kelly@example.com', firstName: 'Kelly', lastName: 'Door' },
        password: '<given>',
      },
      changes: ['password'],
    });
    expect(body({ ...inactive, password: 'given' }, seen([]))).toBeUndefined();
  });

  test('mails the member only where the settings ask for it', () => {
    const notifying = { ...SETTINGS, notifyTeamMember: true };
    const calls = (settings: Settings) => plan(wanted, seen([]), NOTHING, settings).map((step) => step.call);
    expect(calls(SETTINGS)).toEqual(['POST /api/teammember/7/assign/1001']);
    expect(calls(notifying)).toEqual(['POST /api/teammember/7/assign/1001?notifyTeamMember=true']);
  });
});

describe('a Qflow Team connection', () => {
  const io = testIo();
  let sandbox: SandboxServer;
  let settings: unknown;
  let connection: Connection;
  let account: Account;

  const connect = async (overrides: Record<string, unknown> = {}) => {
    settings = type.settings.parse({ ...(await sandbox.credentials()), ...overrides });
    connection = type.open(settings, testVault());
    account = createAccount(type, settings, connection, io);
  };
  const qflow = async () => (await sandbox.state()).qflow;
  const eventsOf = async (id: string | null) =>
    (await qflow()).assignments.filter(({ teamMemberId }) => teamMemberId === id).map(({ eventId }) => eventId);
  const step = (kind: Step['kind'], subject: string): Step => ({ kind, subject, call: '' });
  const subject = () => ({ id: account.id, desired: account.desired(kelly), observed: account.observed });

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    await connect();
  });

  test('a create that gives back somebody else is a collision: nothing is linked, nothing written', async () => {
    await account.sync(kelly);
    const kellyId = account.id;
    const before = await qflow();
    await connect();
    const namesake = { ...kelly, user: { userName: 'KELLY.DOOR', emails: [{ value: 'other@example.com' }] } };
    const create = type.plan(account.desired(namesake), null, NOTHING, settings)[0] as Step;
    const failure = await failureOf(connection.apply(create, { id: null, desired: account.desired(namesake) }, io));
    expect(failure).toMatchObject({ kind: 'reject', heldBy: kellyId });
    expect(await qflow()).toEqual(before);
  });

  test('a name that is there with another e-mail address is no match: the create tells whose it is', async () => {
    await account.sync(kelly);
    const keys = [{ userName: 'kelly.door', email: 'other@example.com' }];
    for (const openIntent of [true, false]) {
      const found = await connection.find({ id: null, keys, last: null, openIntent }, io);
      expect(found).toEqual({ kind: 'absent' });
    }
  });

  test('two members that both fit are ambiguous', async () => {
    await account.sync(kelly);
    const first = account.observed?.id;
    await connect();
    const sam = { ...kelly, user: { userName: 'sam', emails: [{ value: 'sam@example.com' }] } };
    await account.sync(sam);
    const keys = [kelly, sam].map((person) => account.desired(person)?.keys ?? {});
    const found = await connection.find({ id: null, keys, last: null, openIntent: true }, io);
    expect(found).toMatchObject({ kind: 'ambiguous', ids: [first, account.id] });
  });

  test('a new member is found before any assignment', async () => {
    await account.sync({ ...kelly, assignments: [] });
    const { found } = await account.sync({ ...kelly, assignments: [] });
    expect(found).toMatchObject({ kind: 'found', observed: { assignments: [] } });
  });

  test('502 on the whole list means a standalone account, and pauses the target', async () => {
    await sandbox.control('/profile', { system: 'qflow', profile: 'account=standalone' });
    for (const call of [connection.check(io), account.sync(kelly)]) {
      expect(await failureOf(call)).toMatchObject({
        kind: 'pause',
        reason: expect.stringContaining('standalone account'),
      });
    }
  });

  test('an unknown event, or one of others, hurts only itself and is named', async () => {
    await sandbox.control('/qflow/events', { id: '2001', owned: false });
    await account.sync({ ...kelly, assignments: [] });
    for (const event of ['9999', '2001', 'no id']) {
      const failure = await failureOf(connection.apply(step('assign', event), subject(), io));
      expect(failure).toMatchObject({ kind: 'reject', reason: expect.stringContaining(`event ${event} `) });
    }
    await connection.apply(step('assign', '1003'), subject(), io);
    expect(await eventsOf(account.id)).toEqual(['1003']);
  });

  test('an event with a name that a URL would swallow is refused before any call', async () => {
    await account.sync(kelly);
    const before = (await sandbox.calls()).length;
    expect((await failureOf(connection.apply(step('assign', '..'), subject(), io))).kind).toBe('reject');
    expect(await sandbox.calls()).toHaveLength(before);
  });

  test('an unassignment is proven by two reads, or said by the answer', async () => {
    await account.sync(kelly);
    await account.sync(kelly);
    const shown = subject();
    const unread = { ...shown, observed: { ...(shown.observed as Observed), assignments: null } };
    expect(await connection.apply(step('unassign', '1001'), shown, io)).toEqual({ evidence: 'read' });
    expect(await connection.apply(step('unassign', '1001'), unread, io)).toEqual({ evidence: 'answer' });
    expect(await connection.apply(step('unassign', '1001'), { ...shown, observed: undefined }, io)).toEqual({
      evidence: 'answer',
    });
  });

  test('an unassignment that the system refuses is not taken for done', async () => {
    await account.sync(kelly);
    await account.sync(kelly);
    await sandbox.control('/qflow/events', { id: '1001', owned: false });
    const failure = await failureOf(connection.apply(step('unassign', '1001'), subject(), io));
    expect(failure).toMatchObject({ kind: 'reject', reason: expect.stringContaining('event 1001') });
  });

  test('what others gave comes back with the person', async () => {
    await account.sync(kelly);
    await connection.apply(step('assign', '1007'), subject(), io);
    const { applied } = await account.sync(inactive);
    expect(applied).toMatchObject([{ evidence: 'read' }, { evidence: 'read' }]);
    expect(await eventsOf(account.id)).toEqual([]);
    expect(account.memory).toEqual({ granted: [], remembered: ['1007'] });
    await account.sync(kelly);
    expect(await eventsOf(account.id)).toEqual(['1001', '1007']);
    expect((await account.sync(kelly)).steps).toEqual([]);
  });

  test('what others gave comes back on a standalone account too, which lists nobody without an event', async () => {
    await sandbox.control('/profile', { system: 'qflow', profile: 'account=standalone' });
    await connect({ accountKind: 'standalone' });
    await account.sync(kelly);
    await connection.apply(step('assign', '1007'), subject(), io);
    await account.sync(inactive);
    expect(await eventsOf(account.id)).toEqual([]);
    expect((await account.sync(inactive)).steps).toEqual([]);
    await account.sync(kelly);
    expect(await eventsOf(account.id)).toEqual(['1001', '1007']);
  });

  test('an event that is no more is not given back, and the others are', async () => {
    await account.sync(kelly);
    await connection.apply(step('assign', '1007'), subject(), io);
    await account.sync(inactive);
    await sandbox.control('/qflow/events', { id: '1007', owned: false });
    expect(await failureOf(account.sync(kelly))).toMatchObject({
      kind: 'reject',
      reason: expect.stringContaining('event 1007'),
    });
    expect(await eventsOf(account.id)).toEqual(['1001']);
  });

  test('mails again whom it assigns again on return, where mails are asked for', async () => {
    await connect({ notifyTeamMember: true });
    await account.sync(kelly);
    await account.sync(inactive);
    await account.sync(kelly);
    expect((await qflow()).mails.map(({ eventId }) => eventId)).toEqual(['1001', '1001']);
  });

  test('sets a password that was given with the whole record, and nothing that is shown repeats it', async () => {
    const secret = 'correct horse battery staple';
    const given: Somebody = { ...kelly, password: 'given' };
    const apply = async () => {
      const wanted = account.desired(given);
      const [first] = type.plan(wanted, account.observed, account.memory, settings);
      const about = { id: account.id, desired: wanted, observed: account.observed, password: secret };
      const applied = await connection.apply(first as Step, about, io);
      account.id ??= applied.id ?? null;
      account.observed = applied.observed ?? null;
      return JSON.stringify([first, applied, await sandbox.calls()]);
    };
    const stored = async () => (await qflow()).teamMembers[0];
    expect(await apply()).not.toContain(secret);
    expect(await stored()).toMatchObject({ password: secret });
    await account.sync({ ...kelly, user: { ...kelly.user, name: { givenName: 'Kelly', familyName: 'King' } } });
    expect(await stored()).toMatchObject({ password: secret, lastName: 'King' });
    await sandbox.control('/reset');
    await connect();
    await account.sync(kelly);
    expect(await apply()).not.toContain(secret);
    expect(await stored()).toMatchObject({ password: secret, lastName: 'Door', email: 'kelly@example.com' });
    expect(account.observed?.fields).not.toHaveProperty('password');
    expect((await account.sync(kelly)).steps).toEqual([]);
  });

  test('never sends the word in place of a password', async () => {
    const [create] = type.plan(account.desired({ ...kelly, password: 'given' }), null, NOTHING, settings);
    const failure = await failureOf(connection.apply(create as Step, { id: null, desired: null }, io));
    expect(failure).toMatchObject({ kind: 'reject', reason: expect.stringContaining('none was given') });
    expect((await qflow()).teamMembers).toEqual([]);
  });

  test('the catalogue has the events that somebody is assigned to: no call lists the others', async () => {
    await sandbox.control('/qflow/events', { id: '2001', name: 'Opening night' });
    await account.sync({ ...kelly, assignments: ['1002', '2001'] });
    await connect();
    await account.sync({ ...kelly, user: { userName: 'sam' }, assignments: ['1001', '1002'] });
    await connect({ enterprisePin: 'demo' });
    await account.sync({ ...kelly, user: { userName: 'ann' }, assignments: [] });
    await connect({ enterprisePin: 'demo' });
    const before = (await sandbox.calls()).length;
    expect(await connection.catalogue?.(io)).toEqual([
      { kind: 'event', id: '1001', name: 'Event 1001' },
      { kind: 'event', id: '1002', name: 'Event 1002' },
      { kind: 'event', id: '2001', name: 'Opening night' },
    ]);
    // Nothing for who has no event.
    const asked = (await sandbox.calls()).slice(before).filter(({ path }) => path.endsWith('/events'));
    expect(asked).toHaveLength(2);
  });

  test('unassigns under the old name, then renames', async () => {
    await account.sync(kelly);
    const { applied, steps } = await account.sync({ ...inactive, user: { ...kelly.user, userName: 'kelly.king' } });
    expect(steps.map(({ kind }) => kind)).toEqual(['unassign', 'rename']);
    expect(applied[0]).toEqual({ evidence: 'read' });
    expect((await qflow()).teamMembers).toMatchObject([{ userName: 'DEMO/kelly.king' }]);
  });

  test('mails nobody unless asked to', async () => {
    await account.sync(kelly);
    expect((await qflow()).mails).toEqual([]);
    await connect({ notifyTeamMember: true });
    await account.sync({ ...kelly, assignments: ['1001', '1002'] });
    expect((await qflow()).mails).toMatchObject([{ eventId: '1002', email: 'kelly@example.com' }]);
  });

  test('a rename to a name that is taken is refused, says who holds it, and nobody is overwritten', async () => {
    await account.sync(kelly);
    const heldBy = account.id;
    await connect();
    const sam = { ...kelly, user: { userName: 'sam', emails: [{ value: 'sam@example.com' }] } };
    await account.sync(sam);
    const taking = account.sync({ ...sam, user: { ...sam.user, userName: 'kelly.door' } });
    expect(await failureOf(taking)).toMatchObject({ kind: 'reject', heldBy });
    expect((await qflow()).teamMembers.map(({ userName }) => userName)).toEqual(['DEMO/kelly.door', 'DEMO/sam']);
  });

  test('a pin in another case is the same pin', async () => {
    await connect({ enterprisePin: 'demo' });
    await account.sync(kelly);
    expect((await account.sync(kelly)).steps).toEqual([]);
    expect((await account.sync(inactive)).applied).toMatchObject([{ evidence: 'read' }]);
  });

  test('a wrong pin is seen by the connection test', async () => {
    await account.sync(kelly);
    await connect({ enterprisePin: 'ACME' });
    expect(await failureOf(connection.check(io))).toMatchObject({
      kind: 'pause',
      reason: expect.stringContaining('enterprisePin'),
    });
  });

  test('many look-ups at the same time share the list, and none gets one from before it asked', async () => {
    await connection.check(io);
    const before = (await sandbox.calls()).length;
    const look = () =>
      connection.find({ id: null, keys: [{ userName: 'x', email: 'x' }], last: null, openIntent: true }, io);
    await Promise.all(Array.from({ length: 20 }, look));
    const lists = (await sandbox.calls()).slice(before).filter((call) => call.path.endsWith('/all'));
    expect(lists).toHaveLength(2);
    await account.sync(kelly);
    const found = await connection.find(
      { id: null, keys: [account.desired(kelly)?.keys ?? {}], last: null, openIntent: true },
      io,
    );
    expect(found.kind).toBe('found');
  });

  test('a list a moment old serves for who is not in it, and for nobody else', async () => {
    const look = (userName: string, openIntent = false) =>
      connection.find({ id: null, keys: [{ userName, email: `${userName}@example.com` }], last: null, openIntent }, io);
    const lists = async () => (await sandbox.state()).calls['GET /checkin/v1/api/teammembers/all'];
    await account.sync({
      ...kelly,
      assignments: [],
      user: { userName: 'kelly', emails: [{ value: 'kelly@example.com' }] },
    });
    await connect();
    expect((await look('sam')).kind).toBe('absent');
    const before = (await lists()) ?? 0;
    expect((await look('ann')).kind).toBe('absent');
    expect(await lists()).toBe(before);
    expect((await look('ann', true)).kind).toBe('absent');
    expect(await lists()).toBe(before + 1);
    expect((await look('kelly')).kind).toBe('found');
    expect(await lists()).toBe(before + 2);
  });

  test('a standalone account keeps what it knows of a linked member whom no list shows', async () => {
    await sandbox.control('/profile', { system: 'qflow', profile: 'account=standalone' });
    await connect({ accountKind: 'standalone' });
    await account.sync({ ...kelly, assignments: [] });
    const query = { id: account.id, keys: [], last: account.observed, openIntent: false };
    expect(await connection.find(query, io)).toMatchObject({
      kind: 'found',
      observed: { id: account.id, assignments: [] },
    });
    expect(await connection.find({ ...query, last: null }, io)).toEqual({ kind: 'unknowable' });
  });
});
