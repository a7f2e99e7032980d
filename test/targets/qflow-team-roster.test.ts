/** An event's roster and check-in statistics: the arrivals curve, and how often Qflow is asked for it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { axisOf, curveOf } from '../../src/targets/qflow-team/arrivals.ts';
import type { MemberStats } from '../../src/targets/qflow-team/client.ts';
import { target as type } from '../../src/targets/qflow-team/index.ts';
import { pauseFor, type Roster, rosterOf } from '../../src/targets/qflow-team/reports.ts';
import type { Connection } from '../../src/targets/target.ts';
import { type Api, qflowApi } from './qflow-api.ts';
import { type SandboxServer, startSandboxes, testIo, testVault } from './sandbox-server.ts';
import { failureOf } from './target-suite.ts';

const bucket = (admitted: string, admittedCount = 1) => ({ admitted, admittedCount });

describe('the arrivals curve', () => {
  const curve = (...buckets: { admitted: string; admittedCount: number }[]) =>
    curveOf(axisOf([buckets]), [buckets]).map(({ at, count }) => `${at} ${count}`);

  test('has a zero for every five minutes in which nobody came, and none before the first or after the last', () => {
    expect(curve(bucket('14:30', 2), bucket('14:50', 1))).toEqual([
      '14:30 2',
      '14:35 0',
      '14:40 0',
      '14:45 0',
      '14:50 1',
    ]);
    expect(curve(bucket('23:55'))).toEqual(['23:55 1']);
    expect(curve()).toEqual([]);
  });

  test('is in order however the buckets come, and adds up those of the same time', () => {
    expect(curve(bucket('10:00', 2), bucket('09:55', 3), bucket('10:00', 4))).toEqual(['09:55 3', '10:00 6']);
  });

  test('goes past midnight where the event is shorter that way', () => {
    expect(curve(bucket('00:05'), bucket('23:50', 2))).toEqual(['23:50 2', '23:55 0', '00:00 0', '00:05 1']);
  });

  test('stays within the day for an event with a long break', () => {
    const [first, ...others] = curve(bucket('09:00'), bucket('12:00'), bucket('20:00'), bucket('23:00'));
    expect([first, others.length, others.at(-1)]).toEqual(['09:00 1', 14 * 12, '23:00 1']);
    expect(curve(bucket('09:00'), bucket('20:30'))[0]).toBe('09:00 1');
  });

  test.each([
    ['9:05', '09:05'],
    ['14:33', '14:30'],
    ['14:30:00', '14:30'],
    ['2:30 PM', '14:30'],
    ['12:05 am', '00:05'],
  ])('reads %s', (admitted, at) => {
    expect(axisOf([[bucket(admitted)]])).toEqual([at]);
  });

  test.each(['', 'noon', '25:00', '14:60', '2026-11-22T14:30:00Z'])('refuses %j', (admitted) => {
    expect(() => axisOf([[bucket(admitted)]])).toThrow('no time of day');
  });
});

describe('a roster', () => {
  const stats = (id: string, checkedIn: number, ...activity: MemberStats['activity']): MemberStats => {
    return { id, userName: `DEMO/${id}`, checkedIn, activity };
  };

  test('has everybody with what they let in, at the same times, and the sum', () => {
    const members = [
      { id: 'kelly', userName: 'DEMO/kelly', email: 'k@example.com', firstName: 'Kelly', lastName: 'Door' },
    ];
    const rows = [stats('kelly', 2, bucket('14:30', 2)), stats('sam', 1, bucket('14:40'))];
    expect(rosterOf('1001', 'now', members, rows)).toEqual({
      event: '1001',
      at: 'now',
      checkedIn: 3,
      arrivals: [
        { at: '14:30', count: 2 },
        { at: '14:35', count: 0 },
        { at: '14:40', count: 1 },
      ],
      members: [
        {
          ...members[0],
          checkedIn: 2,
          arrivals: [
            { at: '14:30', count: 2 },
            { at: '14:35', count: 0 },
            { at: '14:40', count: 0 },
          ],
        },
        {
          ...{ id: 'sam', userName: 'DEMO/sam', email: '', firstName: '', lastName: '', checkedIn: 1 },
          arrivals: [
            { at: '14:30', count: 0 },
            { at: '14:35', count: 0 },
            { at: '14:40', count: 1 },
          ],
        },
      ],
    });
  });

  test('is left alone for as long as the document advises', () => {
    expect([0, 999, 9_999].map(pauseFor)).toEqual([5_000, 5_000, 5_000]);
    expect(pauseFor(10_000)).toBe(60_000);
  });
});

describe("a Qflow Team connection's roster", () => {
  let sandbox: SandboxServer;
  let connection: Connection;
  let api: Api;
  let now = 0;
  const io = testIo({ clock: () => new Date(now) });
  const roster = async (event = '1001') => {
    const report = await connection.reports?.roster?.(event, io);
    if (!report) throw new Error('no roster');
    return report;
  };
  const asked = async () => (await sandbox.state()).calls['GET /checkin/v1/api/team/event/{eventId}'] ?? 0;

  async function member(userName: string): Promise<string> {
    const { body } = await api('POST', '/teammember', {
      userName,
      email: `${userName}@example.com`,
      firstName: userName,
    });
    const { id } = body as { id: string };
    await api('POST', `/teammember/${id}/assign/1001`);
    return id;
  }
  const checkIn = (teamMemberId: string, at: string) =>
    sandbox.control('/qflow/checkins', { eventId: '1001', teamMemberId, at: `2026-11-22T${at}:00Z` });

  beforeAll(async () => {
    sandbox = await startSandboxes();
  });
  afterAll(() => sandbox.close());
  beforeEach(async () => {
    await sandbox.control('/reset');
    now = Date.parse('2026-11-22T15:00:00Z');
    connection = type.open(type.settings.parse(await sandbox.credentials()), testVault());
    api = await qflowApi(sandbox, '/checkin/v1/api');
  });

  test('is what the system has counted, in a table for people as well', async () => {
    const [kelly, sam] = [await member('kelly'), await member('sam')];
    await checkIn(kelly, '14:31');
    await checkIn(kelly, '14:34');
    await checkIn(kelly, '14:41');
    const { data, tables, notes } = await roster();
    const { members, arrivals, checkedIn, at } = data as Roster;
    expect({ checkedIn, at }).toEqual({ checkedIn: 3, at: '2026-11-22T15:00:00.000Z' });
    expect(arrivals.map(({ count }) => count)).toEqual([2, 0, 1]);
    expect(members).toMatchObject([
      { id: kelly, userName: 'DEMO/kelly', email: 'kelly@example.com', firstName: 'kelly', checkedIn: 3 },
      { id: sam, userName: 'DEMO/sam', checkedIn: 0, arrivals: [{ count: 0 }, { count: 0 }, { count: 0 }] },
    ]);
    expect(JSON.stringify(data)).not.toMatch(/checkedOut|password/);
    expect(tables.map(({ rows }) => rows.length)).toEqual([2, 3]);
    expect(notes.join()).toContain('without a date');
  });

  test('an event without anybody, or an unknown one, is empty and says that it may be either', async () => {
    for (const event of ['1002', '9999']) {
      const { data, tables, notes } = await roster(event);
      expect(data).toMatchObject({ members: [], arrivals: [], checkedIn: 0 });
      expect(tables).toEqual([]);
      expect(notes.join()).toContain('unknown or belongs to another account');
    }
  });

  test('is asked for once within five seconds, whoever asks, and for each event apart', async () => {
    const kelly = await member('kelly');
    const [one, other] = await Promise.all([roster(), roster()]);
    expect(other).toBe(one);
    await checkIn(kelly, '14:31');
    now += 4_999;
    expect((await roster()).data).toMatchObject({ checkedIn: 0 });
    expect(await asked()).toBe(1);
    now += 1;
    expect((await roster()).data).toMatchObject({ checkedIn: 1 });
    expect(await asked()).toBe(2);
    await roster('1002');
    expect(await asked()).toBe(3);
  });

  test('one that failed is asked for again at once', async () => {
    const match = 'GET /checkin/v1/api/team/event/{eventId}';
    await sandbox.control('/faults', { system: 'qflow', rate: 1, kinds: ['500'], times: 1, match });
    expect((await failureOf(roster())).kind).toBe('retry');
    expect((await roster()).data).toMatchObject({ members: [] });
  });

  test('an event with a name that a URL would swallow is refused', async () => {
    expect((await failureOf(roster('..'))).kind).toBe('reject');
  });
});
