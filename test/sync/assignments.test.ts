import { describe, expect, it, vi } from 'vitest';
import { assignmentsIn } from '../../src/cli/assignments-file.ts';
import { requireTarget, setTarget } from '../../src/sync/admin/targets.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import { AssignmentRule, compileAssignments } from '../../src/sync/rules/assignment-rules.ts';
import { reportGrants } from '../../src/sync/rules/grants.ts';
import { patch, startLinkspan } from '../linkspan.ts';

/** Real systems and a real database each. */
vi.setConfig({ testTimeout: 120_000 });

const EVENT = { noun: 'event' };
const SEVERAL = { noun: 'grant', kinds: ['role', 'organisation'] };

function granted(
  rules: readonly unknown[],
  has: { groups?: string[]; roles?: string[]; entitlements?: string[] },
  kinds: { noun: string; kinds?: string[] } = EVENT,
): string[] {
  const compiled = compileAssignments(
    rules.map((rule) => AssignmentRule.parse(rule)),
    kinds,
  );
  const valued = (values: string[] = []) => values.map((value) => ({ value }));
  const resource = { roles: valued(has.roles), entitlements: valued(has.entitlements) };
  return compiled.sourcesOf({ groups: has.groups ?? [], resource }).flatMap(({ grants }) => grants);
}

describe('an assignment rule', () => {
  it.each([
    [
      'by the beginning of a group',
      { groupPrefix: 'Event ' },
      { groups: ['Event 1001', 'Event ', 'event 7'] },
      ['1001'],
    ],
    [
      'by the exact name of a group',
      { group: 'Sales', grants: ['1', '2'] },
      { groups: ['SALES', 'Sales 2'] },
      ['1', '2'],
    ],
    [
      'by the beginning of a role',
      { from: 'roles', prefix: 'app:' },
      { roles: ['app:a', 'b'], entitlements: ['app:c'] },
      ['a'],
    ],
    ['by every entitlement', { from: 'entitlements' }, { entitlements: ['x', ' y '], roles: ['z'] }, ['x', 'y']],
    [
      'by a role in a table',
      { from: 'roles', value: 'Admin', grants: ['A'] },
      { roles: ['admin', 'administrator'] },
      ['A'],
    ],
  ])('grants %s', (_, rule, has, expected) => {
    expect(granted([rule], has)).toEqual(expected);
  });

  it('writes its kind where the target has several, and only there', () => {
    const rules = [{ groupPrefix: 'Role ' }, { group: 'Sales', grants: ['7', 'organisation:8'] }];
    const has = { groups: ['Role Editor', 'Sales'] };
    expect(granted(rules, has, SEVERAL)).toEqual(['role:Editor', 'role:7', 'organisation:8']);
    expect(granted([{ ...rules[1], kind: 'organisation' }], has, SEVERAL)).toEqual([
      'organisation:7',
      'organisation:organisation:8',
    ]);
    expect(granted([{ ...rules[0], kind: 'event' }], has)).toEqual(['Editor']);
  });

  it.each([
    [
      [{ groupPrefix: 'x', kind: 'room' }],
      SEVERAL,
      /assignments\.0: kind "room" is not known here; known: role, organisation/,
    ],
    [[{ groupPrefix: 'x', kind: 'role' }], EVENT, /known: event/],
    [[{ groupPrefix: 'x', kind: 'role' }], null, /nothing to assign/],
  ])('of an unknown kind is refused in plain words', (rules, assignments, message) => {
    expect(() => compileAssignments(rules, assignments)).toThrow(message);
  });

  it.each([{}, { group: 'Sales' }, { from: 'title', prefix: 'x' }, { group: 'a', groupPrefix: 'b', grants: ['1'] }])(
    'that is none is refused with an example (%j)',
    async (rule) => {
      const { app } = await startLinkspan({ targets: ['door'] });
      await expect(setTarget(app, 'acme', 'door', { rules: { assignments: [rule] } })).rejects.toThrow(
        /assignments\.0: is no assignment rule; write one like \{"groupPrefix":"Event "\}/,
      );
    },
  );
});

describe('a table in a file', () => {
  it('has a line for each group and grant, quoted or not, with a byte order mark or not', () => {
    const text =
      '\uFEFFGroup,Grant,Kind\r\n"Sales, EMEA",1001,\r\n\r\nsales,"say ""x""",role\r\nSales,2,role\r\nsales,2,role';
    expect(assignmentsIn(text, 'f')).toEqual([
      { group: 'Sales, EMEA', grants: ['1001'] },
      { group: 'sales', grants: ['say "x"', '2'], kind: 'role' },
    ]);
    expect(assignmentsIn('grant;group\n1;Sales', 'f')).toEqual([{ group: 'Sales', grants: ['1'] }]);
  });

  it.each([
    ['group,name\nSales,1', /first line of f must name its columns/],
    ['group,grant\nSales,', /Row 2 of f has no grant/],
    ['group,grant\nSales,1\n"Sales,2', /f: line 3 is no CSV/],
  ])('that does not fit says where (%j)', (text, message) => {
    expect(() => assignmentsIn(text, 'f')).toThrow(message);
  });
});

describe.each(['sqlite', 'postgres'] as const)('assignments (%s)', (kind) => {
  it('follow groups, roles and entitlements, are taken away with them, and what is refused is shown', async () => {
    const { app, scim, settled, sandbox } = await startLinkspan({ targets: ['door'], kind });
    const assignments = [
      { groupPrefix: 'Event ' },
      { group: 'Sales', grants: ['1002', '1003'] },
      { from: 'roles', value: 'guide', grants: ['1004'] },
      { from: 'entitlements', prefix: 'event-' },
      { group: 'Nobody', grants: ['1009'] },
    ];
    await setTarget(app, 'acme', 'door', { rules: { assignments } });
    await settled();
    const roles = [{ value: '{"id":"1","value":"Guide","displayName":"A guide"}' }];
    const jane = await scim('POST', '/Users', { userName: 'jane', roles, entitlements: [{ value: 'event-1005' }] });
    const { id } = jane.body;
    for (const displayName of ['Sales', 'Event 9999', 'Idle']) {
      await scim('POST', '/Groups', { displayName, members: [{ value: id }] });
    }
    const held = async () => {
      await settled();
      return (await sandbox.state()).qflow.assignments.map(({ eventId }) => eventId).sort();
    };
    expect(await held()).toEqual(['1002', '1003', '1004', '1005']);
    const lane = await openLane(await requireTarget(app.store, 'acme', 'door'), { ...app, onCall: () => {} });
    const report = await reportGrants(app.store, lane, lane);
    expect(report.granting.map(({ from, name, grants, users }) => [from, name, grants, users])).toEqual([
      ['groups', 'Event 9999', ['9999'], 1],
      ['roles', 'Guide', ['1004'], 1],
      ['groups', 'Sales', ['1002', '1003'], 1],
      ['entitlements', 'event-1005', ['1005'], 1],
    ]);
    expect(report.idle.map(({ name }) => name)).toEqual(['Idle']);
    expect(report.grants).toContainEqual({ grant: '1002', wanted: 1, held: 1, refused: 0, reason: null });
    expect(report.grants).toContainEqual({
      grant: '9999',
      wanted: 1,
      held: 0,
      refused: 1,
      reason: expect.stringContaining('9999'),
    });
    expect(report.unmatched).toEqual(['no group is called "Nobody"']);

    const edit = await scim('PATCH', `/Users/${id}`, patch({ op: 'remove', path: 'roles' }));
    expect(await held()).toEqual(['1002', '1003', '1005']);
    const receipts = await app.store.read.selectFrom('receipts').select(['kind', 'subject', 'activity_id']).execute();
    expect(receipts).toMatchObject([
      { kind: 'unassign', subject: '1004', activity_id: edit.headers.get('x-request-id') },
    ]);
  });
});
