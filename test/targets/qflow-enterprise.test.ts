/** What is special about Qflow Enterprise users, beyond what the shared suite asks of every target. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { target as type } from '../../src/targets/qflow-enterprise/index.ts';
import { desired as desiredOf, plan } from '../../src/targets/qflow-enterprise/mapping.ts';
import { Settings } from '../../src/targets/qflow-enterprise/settings.ts';
import type { Connection, Observed, Step } from '../../src/targets/target.ts';
import { type Account, createAccount, mapped, type Somebody } from './account.ts';
import { type SandboxServer, startSandboxes, testIo, testVault } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

const SECRETS = { clientId: 'c', clientSecret: 's', password: 'p', subscriptionKey: 'k' };
const SETTINGS = Settings.parse({ ...SECRETS, username: 'Demo/api@example.com' });
const desired = (somebody: Somebody, settings: Settings) => desiredOf(mapped(type, somebody), settings);
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

const person = (user: Record<string, unknown>, more: Partial<Somebody> = {}): Somebody => ({
  id: '1',
  user,
  presence: 'active',
  assignments: [],
  ...more,
});
const jane = person({ userName: 'jane@example.com', name: { givenName: 'Jane', familyName: 'Doe' } });

describe('the mapping to a Qflow Enterprise user', () => {
  test('puts the pin, as it is written, before the user name, and never twice', () => {
    expect(desired(jane, SETTINGS)?.keys.userName).toBe('Demo/jane@example.com');
    expect(desired(person({ userName: 'DEMO/Jane' }), SETTINGS)?.keys.userName).toBe('Demo/Jane');
    expect(desired(jane, { ...SETTINGS, enterprisePin: 'ACME' })?.keys.userName).toBe('ACME/jane@example.com');
  });

  test.each([
    [[{ value: 'a@x.org' }, { value: 'b@x.org', primary: true }], 'b@x.org'],
    [[{ value: 'a@x.org', primary: false }, { value: 'b@x.org' }], 'a@x.org'],
    [[{ type: 'work' }, { value: ' ' }, { value: 'c@x.org' }], 'c@x.org'],
    [[{ value: '', primary: true }], 'jane'],
    [[], 'jane'],
    [undefined, 'jane'],
    ['a@x.org', 'jane'],
  ])('takes the primary e-mail address, else the first, else the user name: %j', (emails, email) => {
    expect(desired(person({ userName: 'jane', emails }), SETTINGS)?.keys.email).toBe(email);
  });

  test('carries company and time zone only where there are any', () => {
    const user = { userName: 'jane', timezone: 'GMT Standard Time', [ENTERPRISE]: { organization: 'Acme' } };
    expect(desired(person(user), SETTINGS)?.fields).toMatchObject({
      companyName: 'Acme',
      timeZoneId: 'GMT Standard Time',
    });
    expect(Object.keys(desired(person({ userName: 'jane' }), SETTINGS)?.fields ?? {})).toEqual([
      'firstName',
      'lastName',
      'email',
    ]);
  });

  test('wants nobody who is absent, and refuses a user without a name', () => {
    expect(desired({ ...jane, presence: 'absent' }, SETTINGS)).toBeNull();
    expect(() => desired(person({}), SETTINGS)).toThrow('userName');
  });

  test('needs a pin from somewhere', () => {
    const result = Settings.safeParse({ ...SECRETS, username: 'api@example.com' });
    expect(result.error?.issues).toMatchObject([{ path: ['enterprisePin'] }]);
    expect(Settings.safeParse({ ...SECRETS, username: 'api@example.com', enterprisePin: 'DEMO' }).success).toBe(true);
  });
});

describe('the plan for a Qflow Enterprise user', () => {
  const wanted = desired(jane, SETTINGS);
  const seen = (changes: Partial<Observed> = {}): Observed => ({
    id: '7',
    keys: wanted?.keys ?? {},
    fields: wanted?.fields ?? {},
    enabled: true,
    assignments: [],
    ...changes,
  });
  const kinds = (steps: readonly Step[]) => steps.map((step) => step.kind);

  test('is plain data, with a word where a secret will be', () => {
    const steps = plan(wanted, null, SETTINGS);
    expect(JSON.parse(JSON.stringify(steps))).toEqual(steps);
    expect(steps).toEqual([
      {
        kind: 'create',
        call: 'POST /users/v1/api/user',
        body: {
          userName: 'Demo/jane@example.com',
          firstName: 'Jane',
          lastName: 'Doe',
          email: 'jane@example.com',
          password: '<random>',
        },
      },
    ]);
  });

  test('is empty for what differs in case only, which would never come to rest where a system folds it', () => {
    const folded = { userName: 'demo/JANE@example.com', email: 'JANE@example.com' };
    expect(plan(wanted, seen({ keys: folded, fields: { ...wanted?.fields, email: folded.email } }), SETTINGS)).toEqual(
      [],
    );
  });

  test('leaves alone what is not ours to say', () => {
    expect(
      plan(wanted, seen({ fields: { ...wanted?.fields, companyName: 'Acme', timeZoneId: 'UTC' } }), SETTINGS),
    ).toEqual([]);
  });

  test('disables once, enables once', () => {
    const inactive = desired({ ...jane, presence: 'inactive' }, SETTINGS);
    expect(kinds(plan(inactive, seen(), SETTINGS))).toEqual(['disable']);
    expect(kinds(plan(inactive, seen({ enabled: false }), SETTINGS))).toEqual([]);
    expect(kinds(plan(wanted, seen({ enabled: false }), SETTINGS))).toEqual(['enable']);
  });

  test('carries a word for the password that was given, alone and last, and none for who is inactive', () => {
    const given = person(jane.user, { password: 'given' });
    const body = (presence: Somebody['presence'], password: 'none' | 'random' | 'given') =>
      plan(desired({ ...jane, presence, password }, SETTINGS), null, SETTINGS)[0]?.body;
    expect(body('active', 'given')).toMatchObject({ password: '<given>' });
    expect(body('active', 'none')).not.toHaveProperty('password');
    expect(body('inactive', 'given')).toMatchObject({ password: '<random>' });
    const other = seen({ fields: { ...wanted?.fields, lastName: 'Roe' } });
    expect(plan(desired(given, SETTINGS), other, SETTINGS)).toEqual([
      { kind: 'update', call: 'PUT /users/v1/api/user', body: { id: '7', lastName: 'Doe' }, changes: ['lastName'] },
      {
        kind: 'update',
        call: 'PUT /users/v1/api/user/changepassword',
        body: { id: '7', newPassword: '<given>' },
        changes: ['password'],
      },
    ]);
    expect(plan(desired(given, SETTINGS), seen({ enabled: false }), SETTINGS)).toEqual([
      {
        kind: 'enable',
        call: 'PUT /users/v1/api/user, PUT /users/v1/api/user/changepassword',
        body: { id: '7', customData: '', newPassword: '<given>' },
      },
    ]);
    const inactive = desired({ ...given, presence: 'inactive' }, SETTINGS);
    expect(plan(inactive, seen({ enabled: false }), SETTINGS)).toEqual([]);
  });

  test('disableBy delete: who is inactive should not be there', () => {
    const settings: Settings = { ...SETTINGS, disableBy: 'delete' };
    const inactive = desired({ ...jane, presence: 'inactive' }, settings);
    expect(inactive).toBeNull();
    expect(plan(inactive, seen(), settings)).toEqual([
      { kind: 'delete', call: 'DELETE /users/v1/api/user', body: { id: '7' } },
    ]);
  });

  test('disableBy keep: a person is told what to do, until the mark shows that it was done', () => {
    const settings: Settings = { ...SETTINGS, disableBy: 'keep' };
    const inactive = desired({ ...jane, presence: 'inactive' }, settings);
    const steps = plan(inactive, seen(), settings);
    expect(steps).toEqual([{ kind: 'disable', call: 'by hand', manual: expect.any(String) }]);
    for (const word of ['Demo/jane@example.com', 'user 7', '[linkspan:disabled]', 'customData']) {
      expect(steps[0]?.manual).toContain(word);
    }
    expect(plan(inactive, seen({ enabled: false }), settings)).toEqual([]);
    expect(kinds(plan(wanted, seen({ enabled: false }), settings))).toEqual(['enable']);
  });

  test('renames apart from the rest, and names what differs', () => {
    const other = seen({
      keys: { userName: 'Demo/joan', email: 'x@x.org' },
      fields: { ...wanted?.fields, lastName: 'Roe' },
    });
    const steps = plan(wanted, other, SETTINGS);
    expect(kinds(steps)).toEqual(['rename', 'update']);
    expect(steps[1]).toMatchObject({ changes: ['lastName'], body: { id: '7', lastName: 'Doe' } });
  });

  test('deletes what is there, and nothing where nothing is', () => {
    expect(kinds(plan(null, seen(), SETTINGS))).toEqual(['delete']);
    expect(plan(null, null, SETTINGS)).toEqual([]);
  });
});

describe('a Qflow Enterprise connection', () => {
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
  const profile = (chosen: string) => sandbox.control('/profile', { system: 'qflow', profile: chosen });
  const users = async () => (await sandbox.state()).qflow.users;
  /** As another administrator would, through the API itself. */
  const put = async (change: Record<string, string>) => {
    const {
      tokenUrl = '',
      subscriptionKey = '',
      clientId = '',
      clientSecret = '',
      ...rest
    } = await sandbox.credentials();
    const body = new URLSearchParams({
      grant_type: 'password',
      client_id: clientId,
      client_secret: clientSecret,
      username: rest.username ?? '',
      password: rest.password ?? '',
    });
    const { access_token } = (await (await fetch(tokenUrl, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    const headers = { authorization: `Bearer ${access_token}`, 'ocp-apim-subscription-key': subscriptionKey };
    const [user] = await users();
    const sent = JSON.stringify({ ...user, ...change });
    await fetch(`${sandbox.url}/users/v1/api/user`, { method: 'PUT', headers, body: sent });
  };

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    await connect();
  });

  test('scrambles the password and says so in customData, beside what stands there', async () => {
    await account.sync(jane);
    await put({ customData: 'badge=17', password: 'known' });
    await account.sync({ ...jane, presence: 'inactive' });
    const [disabled] = await users();
    expect(disabled?.customData).toBe('badge=17 [linkspan:disabled]');
    expect(disabled?.password).not.toBe('known');
    expect(disabled?.password?.length).toBeGreaterThan(30);
    await account.sync(jane);
    const [enabled] = await users();
    expect(enabled).toMatchObject({ customData: 'badge=17', password: disabled?.password });
  });

  test('leaves no blank password on a disabled account, even where a PUT blanks it', async () => {
    await profile('put=put-blanks-omitted');
    await account.sync(jane);
    await account.sync({ ...jane, presence: 'inactive' });
    expect((await users())[0]?.password?.length).toBeGreaterThan(30);
    const married = { ...jane.user, name: { givenName: 'Jane', familyName: 'Roe' } };
    await account.sync(person(married, { presence: 'inactive' }));
    expect((await users())[0]).toMatchObject({ lastName: 'Roe', password: expect.stringMatching(/.{30}/) });
  });

  test.each(['PUT /users/v1/api/user/changepassword', 'PUT /users/v1/api/user'])(
    'a disable that fails at %s is seen and repeated',
    async (match) => {
      await account.sync(jane);
      const [before] = await users();
      await sandbox.control('/faults', { system: 'qflow', rate: 1, kinds: ['500'], times: 1, match });
      expect((await failureOf(account.sync({ ...jane, presence: 'inactive' }))).kind).toBe('retry');
      const { steps } = await account.sync({ ...jane, presence: 'inactive' });
      expect(steps.map((step) => step.kind)).toEqual(['disable']);
      expect((await users())[0]?.password).not.toBe(before?.password);
    },
  );

  test('keeps what others wrote in fields that are not ours, and the password', async () => {
    await account.sync(jane);
    await put({ companyName: 'Acme', customData: 'badge=17', password: 'known' });
    await account.sync(person({ ...jane.user, name: { givenName: 'Janet', familyName: 'Doe' } }));
    expect(await users()).toMatchObject([
      { firstName: 'Janet', companyName: 'Acme', customData: 'badge=17', password: 'known' },
    ]);
  });

  test('never lets the echoed password in', async () => {
    await account.sync(jane);
    const [{ password = '' } = {}] = await users();
    expect(password).not.toBe('');
    expect(JSON.stringify(await account.sync(jane))).not.toContain(password);
  });

  test('disableBy delete: the user goes, and is made anew on return', async () => {
    await connect({ disableBy: 'delete' });
    await account.sync(jane);
    const { id } = account;
    const { steps, applied } = await account.sync({ ...jane, presence: 'inactive' });
    expect(steps.map(({ kind }) => kind)).toEqual(['delete']);
    expect(applied).toEqual([{ evidence: 'read' }]);
    expect(await users()).toEqual([]);
    expect((await account.sync({ ...jane, presence: 'inactive' })).steps).toEqual([]);
    const again = await account.sync(jane);
    expect(again).toMatchObject({ found: { kind: 'absent' }, steps: [{ kind: 'create' }] });
    expect(account.id).not.toBe(id);
    expect((await account.sync(jane)).steps).toEqual([]);
  });

  test('disableBy keep: nothing is called for it, and it is over once the mark is read or the user is gone', async () => {
    await connect({ disableBy: 'keep' });
    await account.sync(jane);
    const [before] = await users();
    const inactive: Somebody = { ...jane, presence: 'inactive' };
    const look = async () => {
      const found = await connection.find({ id: account.id, keys: [], last: null, openIntent: false }, io);
      const observed = found.kind === 'found' ? found.observed : null;
      return { found, steps: observed ? type.plan(account.desired(inactive), observed, account.memory, settings) : [] };
    };
    expect((await look()).steps).toMatchObject([{ kind: 'disable', manual: expect.any(String) }]);
    expect(await users()).toEqual([before]);
    await put({ customData: 'badge=17 [linkspan:disabled]', password: 'changed by hand' });
    expect((await look()).steps).toEqual([]);
    await account.sync(jane);
    expect(await users()).toMatchObject([{ customData: 'badge=17', password: 'changed by hand' }]);
    await account.sync({ ...jane, presence: 'absent' });
    expect((await look()).found.kind).toBe('absent');
  });

  test('sets a password that was given, and nothing that is shown repeats it', async () => {
    const secret = 'correct horse battery staple';
    const apply = async (somebody: Somebody) => {
      const wanted = account.desired(somebody);
      const steps = type.plan(wanted, account.observed, account.memory, settings);
      const shown = [];
      for (const step of steps) {
        const subject = { id: account.id, desired: wanted, observed: account.observed, password: secret };
        const applied = await connection.apply(step, subject, io);
        account.id = applied.id ?? account.id;
        account.observed = applied.observed ?? account.observed;
        shown.push(step, applied);
      }
      return JSON.stringify([shown, await sandbox.calls()]);
    };
    const given = person(jane.user, { password: 'given' });
    expect(await apply(given)).not.toContain(secret);
    expect((await users())[0]?.password).toBe(secret);
    await put({ password: 'old' });
    expect(await apply(given)).not.toContain(secret);
    expect(await users()).toMatchObject([{ password: secret, firstName: 'Jane' }]);
    // Enabled again by a PUT, which may blank the password: what was given stands all the same.
    await profile('put=put-blanks-omitted');
    await account.sync({ ...jane, presence: 'inactive' });
    account.observed = account.observed && { ...account.observed, enabled: false };
    expect(await apply(given)).not.toContain(secret);
    expect(await users()).toMatchObject([{ password: secret, customData: '' }]);
  });

  test('never sends the word in place of a password, and says why it cannot', async () => {
    const [create] = type.plan(
      account.desired(person(jane.user, { password: 'given' })),
      null,
      account.memory,
      settings,
    );
    const failure = await failureOf(connection.apply(create as Step, { id: null, desired: null }, io));
    expect(failure).toMatchObject({ kind: 'reject', reason: expect.stringContaining('none was given') });
    expect(await users()).toEqual([]);
  });

  test('an API user who is not trusted pauses the target, and the reason repeats no password', async () => {
    await account.sync(jane);
    await sandbox.control('/profile', { system: 'qflow', profile: 'trust=untrusted' });
    const step: Step = { kind: 'update', call: '', body: { id: account.id ?? '', newPassword: '<given>' } };
    const subject = { id: account.id, desired: null, password: 'a-secret' };
    const failure = await failureOf(connection.apply(step, subject, io));
    expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining('trust_required') });
    expect(failure.reason).not.toContain('a-secret');
  });

  test('the connection test says how many users there are', async () => {
    await account.sync(jane);
    expect(await connection.check(io)).toContain('users in the enterprise: 1');
  });

  test.each(['lost-response', '500-after'])('a rename whose answer was %s is seen by a read', async (kind) => {
    await account.sync(jane);
    const match = 'PUT /users/v1/api/user/changeusername';
    await sandbox.control('/faults', { system: 'qflow', rate: 1, kinds: [kind], times: 1, match });
    const { applied } = await account.sync(person({ ...jane.user, userName: 'jane.roe' }));
    expect(applied[0]).toMatchObject({ evidence: 'read' });
    expect((await users())[0]?.userName).toBe('DEMO/jane.roe');
  });

  test('a rename to a name that is taken says who holds it', async () => {
    await account.sync(jane);
    const janeId = account.id;
    await connect();
    await account.sync(person({ userName: 'joan' }));
    const failure = await failureOf(account.sync(person({ userName: 'JANE@example.com' })));
    expect(failure).toMatchObject({ kind: 'reject', heldBy: janeId });
  });

  test.each(['dup=409', 'dup=400', 'dup=200-existing'])(
    '%s: a taken name is a collision, never a link',
    async (chosen) => {
      await profile(chosen);
      await account.sync(jane);
      const janeId = account.id;
      await connect();
      const namesake = person({ userName: 'JANE@example.com', emails: [{ value: 'other@example.com' }] });
      expect(await failureOf(account.sync(namesake))).toMatchObject({ kind: 'reject', heldBy: janeId });
      expect(account.id).toBeNull();
      expect(await users()).toMatchObject([{ email: 'jane@example.com', firstName: 'Jane' }]);
    },
  );

  test('an e-mail address alone is not a match', async () => {
    await account.sync(person({ userName: 'other', emails: [{ value: 'shared@example.com' }] }));
    const keys = [{ userName: 'DEMO/jane', email: 'shared@example.com' }];
    const found = await connection.find({ id: null, keys, last: null, openIntent: true }, io);
    expect(found.kind).toBe('absent');
  });

  test('looks for every key that may have been sent', async () => {
    await account.sync(jane);
    const keys = [{ userName: 'DEMO/new', email: 'new@example.com' }, account.desired(jane)?.keys ?? {}];
    const found = await connection.find({ id: null, keys, last: null, openIntent: true }, io);
    expect(found).toMatchObject({ kind: 'found', observed: { id: account.id } });
  });

  test('names the parameter of the look-up as the settings say', async () => {
    await account.sync(jane);
    const { id } = account;
    await connect({ emailParameter: 'address' });
    const keys = [account.desired(jane)?.keys ?? {}];
    const found = await connection.find({ id: null, keys, last: null, openIntent: true }, io);
    expect(id).not.toBeNull();
    expect(found.kind).toBe('absent');
  });

  test.each([
    ['body', 'body', 'done'],
    ['body', 'query', 'reject'],
    ['query', 'query', 'done'],
    ['query', 'body', 'reject'],
  ])('deleteBy %s where the system reads the %s: %s', async (deleteBy, reads, outcome) => {
    await profile(`delete=${reads}`);
    await connect({ deleteBy });
    await account.sync(jane);
    expect((await failureOf(account.sync({ ...jane, presence: 'absent' }))).kind).toBe(outcome);
    expect(await users()).toHaveLength(outcome === 'done' ? 0 : 1);
  });

  test('a user with an id that a URL would swallow is not asked for', async () => {
    const failure = await failureOf(connection.find({ id: '..', keys: [], last: null, openIntent: false }, io));
    expect(failure.kind).toBe('reject');
  });
});
