import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { eventually, patch } from '../linkspan.ts';
import { postgresServer } from '../stores.ts';
import { setUp } from './crashing.ts';

describe.each(['sqlite', 'postgres'] as const)('a process that is killed (%s)', (kind) => {
  it('right after its 201 has lost nothing', async () => {
    const { sandbox, start, settled, scim } = await setUp(kind);
    const first = await start();
    const created = await scim('POST', '/Users', { userName: 'jane@example.com' });
    await first.end('SIGKILL');
    expect(created.status).toBe(201);

    await start();
    expect((await scim('GET', `/Users/${created.body.id}`)).body).toEqual(created.body);
    await settled();
    expect((await sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/jane@example.com' }]);
  });

  it('between the create and its answer makes no second user, though the user is renamed meanwhile', async () => {
    const { sandbox, proxy, start, settled, scim } = await setUp(kind);
    const first = await start();
    const swallowed = proxy.swallow(/^POST \/users\/v1\/api\/user$/);
    const { id } = (
      await scim('POST', '/Users', { userName: 'jane@example.com', emails: [{ value: 'jane@example.com' }] })
    ).body;
    await swallowed;
    await first.end('SIGKILL');
    expect((await sandbox.state()).qflow.users).toHaveLength(1);

    await start();
    await scim('PUT', `/Users/${id}`, {
      userName: 'jane.roe@example.com',
      emails: [{ value: 'jane.roe@example.com' }],
    });
    await settled();
    expect((await sandbox.state()).qflow.users).toMatchObject([
      { userName: 'DEMO/jane.roe@example.com', email: 'jane.roe@example.com' },
    ]);
  });

  it('between the create and its answer leaves nobody behind who was deleted meanwhile', async () => {
    const { sandbox, proxy, start, settled, scim } = await setUp(kind);
    const first = await start();
    const { id } = (await scim('POST', '/Users', { userName: 'jane@example.com' })).body;
    const swallowed = proxy.swallow(/^POST \/checkin\/v1\/api\/teammember$/);
    await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
    await swallowed;
    await first.end('SIGKILL');
    expect((await sandbox.state()).qflow.teamMembers).toHaveLength(1);

    await start();
    await scim('DELETE', `/Users/${id}`);
    await settled();
    const { users, teamMembers } = (await sandbox.state()).qflow;
    expect({ users, teamMembers }).toEqual({ users: [], teamMembers: [] });
  });

  it('after an assignment and before its answer still takes it away later', async () => {
    const { sandbox, proxy, start, settled, scim } = await setUp(kind);
    const first = await start();
    const { id } = (await scim('POST', '/Users', { userName: 'jane@example.com' })).body;
    const swallowed = proxy.swallow(/\/assign\/1001$/);
    const group = (await scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] })).body;
    await swallowed;
    await first.end('SIGKILL');

    await start();
    await scim('DELETE', `/Groups/${group.id}`);
    await settled();
    expect((await sandbox.state()).qflow.assignments).toEqual([]);
  });
});

it('a process that is asked to stop finishes what is under way and exits with 0', async () => {
  const { sandbox, start, scim } = await setUp('sqlite');
  const server = await start();
  await scim('POST', '/Users', { userName: 'jane@example.com' });
  expect(await server.end('SIGTERM')).toBe(0);
  await start();
  await eventually('one user, once', async () => (await sandbox.state()).qflow.users.length === 1);
  expect((await sandbox.state()).calls['POST /users/v1/api/user']).toBe(1);
});

it('a database that goes away before an account is settled leaves it to nobody', async () => {
  const { database, sandbox, proxy, start, settled, scim } = await setUp('postgres');
  await start();
  const held = proxy.hold(/^POST \/users\/v1\/api\/user$/);
  await scim('POST', '/Users', { userName: 'jane@example.com' });
  await held.arrived;
  const admin = new pg.Client(await postgresServer());
  await admin.connect();
  const name = new URL(database.url).pathname.slice(1);
  await admin.query(`alter database ${name} with allow_connections false`);
  await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  held.letGo();
  await sleep(2_000);
  await admin.query(`alter database ${name} with allow_connections true`);
  await admin.end();
  await eventually('the server is back', async () => (await scim('GET', '/Users')).status === 200);
  await settled();
  expect((await sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/jane@example.com' }]);
  expect((await sandbox.state()).calls['POST /users/v1/api/user']).toBe(1);
});

it('a lost answer and a rename at once make no second user', async () => {
  const { sandbox, start, settled, scim } = await setUp('sqlite');
  await start();
  await sandbox.faults({ kinds: ['lost-response'], match: 'POST /users/v1/api/user', times: 1 });
  const { id } = (await scim('POST', '/Users', { userName: 'jane@example.com' })).body;
  await eventually('the create', async () => (await sandbox.state()).qflow.users.length === 1);
  await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { userName: 'jane.roe@example.com' } }));
  await settled();
  expect((await sandbox.state()).qflow.users).toMatchObject([{ userName: 'DEMO/jane.roe@example.com' }]);
});
