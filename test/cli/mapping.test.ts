import { expect, it, vi } from 'vitest';
import { served } from './served.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

async function withUsers() {
  const world = await served();
  const { scim, settled } = world;
  await scim('POST', '/Users', { userName: 'jane', name: { givenName: 'Jane', familyName: 'Doe' }, title: 'Guide' });
  await scim('POST', '/Users', { userName: 'joe', password: 'Swordfish-9', name: { givenName: 'Joe' } });
  await scim('POST', '/Users', { userName: 'guest', userType: 'EndUser' });
  await settled();
  return world;
}

it('linkspan target mapping lists every field, what fills it, and what it gives for real users', async () => {
  const { run } = await withUsers();
  const { stdout, code } = await run('target', 'mapping', 'acme', 'dashboard');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^dashboard \(qflow-enterprise, tenant acme\)\n\nuserName {2}Name to log in with;/);
  expect(stdout).toMatch(/\n {2}default {6}has\(user\.name\.givenName\) \? user\.name\.givenName : clear\(\)\n/);
  expect(stdout).toMatch(
    /\nlastName {2}Last name\n.*\n {2}gives {8}"Doe" {2}jane\n {2}gives {8}nothing: .*emptied {2}joe\n/,
  );
  expect(stdout).toMatch(/\n {2}gives {8}left alone: what it is made of is missing {2}jane\n/);
  expect(stdout).not.toMatch(/guest/);
  const one = JSON.parse((await run('target', 'mapping', 'acme', 'dashboard', '--user', 'guest', '--json')).stdout);
  expect(one.fields).toContainEqual({
    field: 'firstName',
    description: 'First name',
    standard: 'has(user.name.givenName) ? user.name.givenName : clear()',
    override: null,
  });
  expect(one.users).toMatchObject([
    {
      userName: 'guest',
      values: {
        userName: { kind: 'text', text: 'guest' },
        firstName: { kind: 'cleared' },
        timeZoneId: { kind: 'left alone' },
      },
    },
  ]);
  expect(stdout).not.toMatch(/password|subscription/i);
  const secret = await run('target', 'map', 'acme', 'dashboard', 'firstName', 'user.password', '--preview');
  expect(secret.stdout).toMatch(/joe .*-> left alone/);
  expect(secret.stdout).not.toMatch(/Swordfish/);
});

it('linkspan target map tries an expression, saves it, and gives the field back to its default', async () => {
  const { run, app, settled, sandbox } = await withUsers();
  const map = (...args: string[]) => run('target', 'map', 'acme', 'dashboard', ...args);
  const rules = async () => {
    const row = await app.store.read.selectFrom('targets').select('rules').where('name', '=', 'dashboard').execute();
    return JSON.parse(row[0]?.rules ?? '{}').mapping;
  };
  const title = 'has(user.title) ? user.title : clear()';
  const shown = await map('companyName', title, '--preview');
  expect(shown.stdout).toMatch(/^companyName\n {2}jane {9}left alone: .*missing -> "Guide"\n {2}joe {10}left alone/);
  expect(await rules()).toEqual({});
  expect(JSON.parse((await map('firstName', '"x"', '--preview', '--user', 'joe', '--json')).stdout)).toMatchObject({
    field: 'firstName',
    users: [{ userName: 'joe', before: { kind: 'text', text: 'Joe' }, after: { kind: 'text', text: 'x' } }],
  });

  expect(await map('companyName', title)).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nSaved;/) });
  await map('firstName', 'user.name.givenName.upper()');
  expect(await rules()).toEqual({ companyName: title, firstName: 'user.name.givenName.upper()' });
  await settled();
  expect((await sandbox.state()).qflow.users).toContainEqual(
    expect.objectContaining({ userName: 'DEMO/jane', companyName: 'Guide', firstName: 'JANE' }),
  );
  const listed = await run('target', 'mapping', 'acme', 'dashboard', '--users', '1');
  expect(listed.stdout).toMatch(/\n {2}set to {7}user\.name\.givenName\.upper\(\)\n +in place of has\(/);
  await map('firstName', '--default');
  expect(await rules()).toEqual({ companyName: title });
  const draft = await run('plan', 'acme', 'dashboard', '--rules', '{"mapping":{"lastName":"\\"Smith\\""}}', '--json');
  expect(JSON.parse(draft.stdout)).toMatchObject({ attributes: { lastName: 2 } });
});

it.each([
  [['surname', '"x"'], /^surname is no field of qflow-enterprise; it has userName, firstName/],
  [['firstName'], /^Give an expression, or --default/],
  [['firstName', '"x"', '--default'], /^Give an expression, or --default/],
  [['firstName', 'user.name.'], /firstName cannot be read: at character \d+: /],
  [['firstName', 'user.nmae'], /user has no attribute "nmae" \(at character 5\); it has .*userName, name, /],
  [['firstName', 'usr.name'], /"usr" is unknown; known are user, email \(at character 1\)/],
  [['firstName', 'user.userName.lowr()'], /lowr\(\) is no function \(at character 14\); there are .*lower/],
])('linkspan target map says in plain words what is wrong with %j', async (args, message) => {
  const { run } = await served();
  const { code, stderr } = await run('target', 'map', 'acme', 'dashboard', ...args);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) });
});

it('an expression that cannot be computed for a user is shown so, and the account keeps what it has', async () => {
  const { run, settled, sandbox, scim } = await withUsers();
  const before = (await sandbox.state()).qflow.users;
  const expression = 'user.userName == "joe" ? string(1 / 0) : "Mr"';
  const preview = await run('target', 'map', 'acme', 'dashboard', 'firstName', expression, '--preview');
  expect(preview.stdout).toMatch(/joe {10}"Joe" -> cannot be computed: .*; the account keeps what it has/);
  await run('target', 'map', 'acme', 'dashboard', 'firstName', expression);
  await settled();
  const after = (await sandbox.state()).qflow.users;
  const named = (name: string, users: typeof after) => users.find(({ userName }) => userName === `DEMO/${name}`);
  expect(named('joe', after)).toEqual(named('joe', before));
  expect(named('jane', after)).toMatchObject({ firstName: 'Mr' });
  expect((await scim('GET', '/Users?filter=userName eq "joe"')).body.totalResults).toBe(1);
});
