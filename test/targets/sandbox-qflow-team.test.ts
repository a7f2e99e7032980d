/** The Qflow Team sandbox as a bare client sees it: every endpoint, and every quirk that the document names. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Api, qflowApi } from './qflow-api.ts';
import { type SandboxServer, startSandboxes } from './sandbox-server.ts';

let sandbox: SandboxServer;
const profile = (chosen: string) => sandbox.control('/profile', { system: 'qflow', profile: chosen });

beforeAll(async () => {
  sandbox = await startSandboxes({ clock: () => new Date('2026-11-22T14:33:20Z') });
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.control('/reset'));

describe('the Qflow Team sandbox', () => {
  const kelly = { userName: ' Kelly.Door ', email: ' Kelly@Example.com ', firstName: 'Kelly', lastName: 'Door' };
  const names = (body: unknown) => (body as { userName: string }[]).map(({ userName }) => userName);
  let api: Api;
  let id: string;
  const assign = (event: string, member = id) => api('POST', `/teammember/${member}/assign/${event}`);
  const unassign = (event: string, member = id) => api('POST', `/teammember/${member}/unassign/${event}`);

  beforeEach(async () => {
    api = await qflowApi(sandbox, '/checkin/v1/api');
    const { status, body } = await api('POST', '/teammember', kelly);
    expect(status).toBe(200);
    ({ id } = body as { id: string });
  });

  test('names are trimmed, lower-cased and stored below the enterprise', async () => {
    const [stored] = (await sandbox.state()).qflow.teamMembers;
    expect(stored).toMatchObject({ id, userName: 'DEMO/kelly.door', email: 'kelly@example.com' });
    expect(stored?.password).not.toBe('');
    expect(names((await api('GET', '/teammembers/all')).body)).toEqual(['DEMO/kelly.door']);
  });

  test.each([
    ['bare', 'kelly.door'],
    ['namespaced', 'DEMO/kelly.door'],
  ])('create-name=%s', async (chosen, userName) => {
    await profile(`create-name=${chosen}`);
    const { body } = await api('POST', '/teammember', kelly);
    expect(body).toEqual({ id, userName, email: 'kelly@example.com', firstName: 'Kelly', lastName: 'Door' });
  });

  test('a second create answers 200 with the first member, and takes over nothing', async () => {
    const again = await api('POST', '/teammember', {
      ...kelly,
      userName: 'KELLY.DOOR',
      email: 'other@example.com',
      firstName: 'Eve',
    });
    expect(again).toMatchObject({ status: 200, body: { id, email: 'kelly@example.com', firstName: 'Kelly' } });
    expect((await sandbox.state()).qflow.teamMembers).toHaveLength(1);
  });

  test('a create needs a name and an address', async () => {
    expect((await api('POST', '/teammember', { userName: 'x' })).status).toBe(400);
    expect((await api('POST', '/teammember', { email: 'x@example.com' })).status).toBe(400);
  });

  test('a new member shows in /teammembers only when assigned, once however many events', async () => {
    expect((await api('GET', '/teammembers')).body).toEqual([]);
    await assign('1001');
    await assign('1002');
    expect(names((await api('GET', '/teammembers')).body)).toEqual(['DEMO/kelly.door']);
  });

  test('no list shows a password', async () => {
    await assign('1001');
    for (const path of ['/teammembers', '/teammembers/all', '/teammembers/event/assigned/1001']) {
      expect(JSON.stringify((await api('GET', path)).body)).not.toContain('password');
    }
  });

  test('members of events that others own show only in /teammembers/all', async () => {
    await sandbox.control('/qflow/events', { id: '2001' });
    await assign('2001');
    await sandbox.control('/qflow/events', { id: '2001', owned: false });
    expect((await api('GET', '/teammembers')).body).toEqual([]);
    expect((await api('GET', '/teammembers/event/assigned/2001')).body).toEqual([]);
    expect((await api('GET', '/team/event/2001')).body).toEqual([]);
    expect(names((await api('GET', '/teammembers/all')).body)).toEqual(['DEMO/kelly.door']);
  });

  test('account=standalone: bare names, and 502 for the whole list', async () => {
    await profile('account=standalone');
    const { body } = await api('POST', '/teammember', { userName: 'Sam', email: 'sam@example.com' });
    expect(body).toMatchObject({ userName: 'sam' });
    expect((await sandbox.state()).qflow.teamMembers).toMatchObject([{}, { userName: 'sam' }]);
    expect((await api('GET', '/teammembers/all')).status).toBe(502);
    expect((await api('GET', '/teammembers')).status).toBe(200);
  });

  test('an unknown event has an empty roster, not a 404', async () => {
    expect(await api('GET', '/teammembers/event/assigned/9999')).toMatchObject({ status: 200, body: [] });
    expect(await api('GET', '/teammembers/event/assigned/1001')).toMatchObject({ status: 200, body: [] });
  });

  test('assigning and unassigning do nothing the second time', async () => {
    expect([(await assign('1001')).status, (await assign('1001')).status]).toEqual([200, 200]);
    expect((await sandbox.state()).qflow.assignments).toEqual([{ teamMemberId: id, eventId: '1001' }]);
    expect([(await unassign('1001')).status, (await unassign('1001')).status]).toEqual([200, 200]);
    expect((await sandbox.state()).qflow.assignments).toEqual([]);
  });

  test('assigning and unassigning answer 400 for what is unknown, malformed or of others', async () => {
    await sandbox.control('/qflow/events', { id: '2001', owned: false });
    for (const call of [assign, unassign]) {
      expect((await call('9999')).status).toBe(400);
      expect((await call('no-event')).status).toBe(400);
      expect((await call('2001')).status).toBe(400);
      expect((await call('1001', 'nobody')).status).toBe(400);
    }
  });

  test('a mail goes out only with notifyTeamMember=true', async () => {
    await assign('1001?notifyTeamMember=false');
    expect((await sandbox.state()).qflow.mails).toEqual([]);
    await assign('1001?notifyTeamMember=true');
    expect((await sandbox.state()).qflow.mails).toEqual([
      { teamMemberId: id, eventId: '1001', email: 'kelly@example.com' },
    ]);
  });

  test('the events of a member go by the name as lists show it, encoded or not', async () => {
    await assign('1002');
    for (const name of ['DEMO%2Fkelly.door', 'DEMO/kelly.door']) {
      expect((await api('GET', `/teammembers/user/${name}/events`)).body).toEqual([{ id: '1002', name: 'Event 1002' }]);
    }
    for (const name of ['kelly.door', 'demo%2Fkelly.door', 'DEMO%2Fnobody']) {
      expect((await api('GET', `/teammembers/user/${name}/events`)).body).toEqual([]);
    }
  });

  test('an update replaces: what is left out is gone, but for the password', async () => {
    await api('PUT', '/teammember/update', { id, userName: 'kelly.door', email: 'k@example.com', password: 'mine' });
    const record = async () => (await sandbox.state()).qflow.teamMembers[0];
    expect(await record()).toEqual({
      id,
      userName: 'DEMO/kelly.door',
      email: 'k@example.com',
      firstName: '',
      lastName: '',
      password: 'mine',
    });
    await api('PUT', '/teammember/update', { id, userName: 'kelly.door', email: 'k@example.com', password: '' });
    expect(await record()).toMatchObject({ password: 'mine' });
  });

  test('a namespaced name echoed into an update is namespaced twice', async () => {
    await api('PUT', '/teammember/update', { id, userName: 'DEMO/kelly.door', email: 'k@example.com' });
    expect((await sandbox.state()).qflow.teamMembers).toMatchObject([{ userName: 'DEMO/demo/kelly.door' }]);
  });

  test('an update needs a known id, a name, an address, and a free name', async () => {
    const put = (body: object) => api('PUT', '/teammember/update', body).then(({ status }) => status);
    await api('POST', '/teammember', { userName: 'sam', email: 'sam@example.com' });
    expect(await put({ userName: 'kelly.door', email: 'k@example.com' })).toBe(400);
    expect(await put({ id, email: 'k@example.com' })).toBe(400);
    expect(await put({ id, userName: 'kelly.door' })).toBe(400);
    expect(await put({ id, userName: 'SAM', email: 'k@example.com' })).toBe(400);
    expect(await put({ id: 'nobody', userName: 'x', email: 'k@example.com' })).toBe(404);
  });

  test('a deletion takes the assignments and the statistics along, and happens once', async () => {
    await assign('1001');
    const remove = (body: object) => api('DELETE', '/teammember/delete', body).then(({ status }) => status);
    expect([await remove({}), await remove({ id }), await remove({ id })]).toEqual([400, 200, 404]);
    expect((await sandbox.state()).qflow).toMatchObject({ teamMembers: [], assignments: [] });
    expect((await api('GET', '/team/event/1001')).body).toEqual([]);
  });

  test('statistics: a row for each assigned member, five-minute buckets without empty ones', async () => {
    const { body } = await api('POST', '/teammember', { userName: 'sam', email: 'sam@example.com' });
    const sam = (body as { id: string }).id;
    await assign('1001');
    await assign('1001', sam);
    for (const at of ['2026-11-22T14:34:59Z', '2026-11-22T14:45:00Z', '2026-11-22T14:30:00Z']) {
      await sandbox.control('/qflow/checkins', { eventId: '1001', teamMemberId: id, at });
    }
    await sandbox.control('/qflow/checkins', { eventId: '1001', teamMemberId: sam });
    const activity = [
      { admitted: '14:30', admittedCount: 2 },
      { admitted: '14:45', admittedCount: 1 },
    ];
    const row = {
      teamMemberId: id,
      username: 'DEMO/kelly.door',
      checkedIn: 3,
      checkedOut: 0,
      checkedInActivity: activity,
    };
    expect((await api('GET', '/team/event/1001')).body).toEqual([
      row,
      expect.objectContaining({ teamMemberId: sam, checkedIn: 1 }),
    ]);
    await unassign('1001', sam);
    expect((await api('GET', '/team/event/1001')).body).toEqual([row]);
    await assign('1001', sam);
    expect((await api('GET', '/team/event/1001')).body).toMatchObject([row, { checkedIn: 1 }]);
    expect((await api('GET', '/team/event/9999')).body).toEqual([]);
  });
});
